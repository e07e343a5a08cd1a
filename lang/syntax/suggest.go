package syntax

// Suggest returns the candidate that name is most likely a misspelling of, or "" if
// none is near. It costs about the length of name for each candidate of a similar
// length.
func Suggest(name string, candidates []string) string {
	best, bound := "", maxDistance(len(name))+1
	if bound == 1 {
		return ""
	}
	rows := make([]int, 3*(len(name)+bound))
	for _, c := range candidates {
		if c == name || c == "" {
			continue
		}
		if d := distance(name, c, bound, rows); d < bound {
			best, bound = c, d
		}
	}
	return best
}

// maxDistance is how many slips there may be in a name of n bytes.
func maxDistance(n int) int {
	switch {
	case n <= 1:
		return 0
	case n <= 3:
		return 1
	case n <= 5:
		return 2
	case n <= 64:
		return min(n/3, 4)
	}
	return 0
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour to make b of a (optimal string alignment). It gives up at bound and
// returns that. Rows is room to work in, for three rows of the length of b and one.
func distance(a, b string, bound int, rows []int) int {
	if gap := len(a) - len(b); gap >= bound || -gap >= bound {
		return bound
	}
	n := len(b) + 1
	older, old, row := rows[:n], rows[n:2*n], rows[2*n:3*n]
	for j := range old {
		old[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		least := row[0]
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, old[j+1]+1, old[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
			least = min(least, row[j+1])
		}
		if least >= bound {
			return bound
		}
		older, old, row = old, row, older
	}
	return min(old[len(b)], bound)
}
