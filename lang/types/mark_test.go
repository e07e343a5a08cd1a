package types

import (
	"errors"
	"slices"
	"testing"
)

func TestDerived(t *testing.T) {
	a, b := Secret("a"), Secret("b")
	list := MarkParts([]*Mark{nil, a})
	for i, x := range []struct {
		marks []*Mark
		texts []string // nil if nothing is secret
	}{
		{nil, nil},
		{[]*Mark{nil, nil}, nil},
		{[]*Mark{nil, a}, []string{"a"}},
		{[]*Mark{b, a, b}, []string{"a", "b"}},
		{[]*Mark{list}, []string{"a"}},
		{[]*Mark{list, b}, []string{"a", "b"}},
	} {
		m := Derived(x.marks...)
		if m != nil && m.Whole() != m {
			t.Errorf("%d: what is made of parts is no whole", i)
		}
		if got := m.Texts(Bool(true)); !slices.Equal(got, x.texts) {
			t.Errorf("%d: it was made of %q, want %q", i, got, x.texts)
		}
	}
	if Derived(nil, a) != a {
		t.Error("one mark is copied")
	}
}

func TestMarkParts(t *testing.T) {
	a := Secret("a")
	inner := MarkParts([]*Mark{a, nil})
	m := MarkParts([]*Mark{nil, inner})
	if MarkParts([]*Mark{nil, nil}) != nil {
		t.Error("parts without marks have one")
	}
	for i, want := range []*Mark{nil, inner, nil} {
		if m.Part(i) != want {
			t.Errorf("part %d is %v", i, m.Part(i))
		}
	}
	if m.Part(1).Part(0) != a || m.Part(-1) != nil || m.Whole() != nil || a.Part(7) != a {
		t.Error("parts of parts")
	}
	var none *Mark
	if none.Part(0) != nil || none.Whole() != nil || none.Texts(Str("x")) != nil {
		t.Error("no mark has some")
	}
}

func TestSameMark(t *testing.T) {
	marks := []*Mark{
		nil, Secret("a"), Secret("b"), Secret(""), MarkParts([]*Mark{Secret("a")}), MarkParts([]*Mark{nil, Secret("a")}),
		MarkParts([]*Mark{MarkParts([]*Mark{Secret("a")})}),
	}
	again := []*Mark{
		nil, Secret("a"), Secret("b"), Secret(""), MarkParts([]*Mark{Secret("a")}), MarkParts([]*Mark{nil, Secret("a")}),
		MarkParts([]*Mark{MarkParts([]*Mark{Secret("a")})}),
	}
	for i, a := range marks {
		for j, b := range again {
			if SameMark(a, b) != (i == j) {
				t.Errorf("SameMark of %d and %d is %v", i, j, i != j)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	value := &Struct{Names: []string{"a", "b", "c"}, Elems: []Value{
		Str("open"), NewList(Str("x"), Int(4711), Str("")), NewMap([]Entry{{Str("k"), Float(2.5)}}),
	}}
	m := MarkParts([]*Mark{nil, Secret("origin"), Secret("origin")})
	if got, want := m.Texts(value), []string{"2.5", "4711", "k", "origin", "x"}; !slices.Equal(got, want) {
		t.Errorf("they are %q, want %q", got, want)
	}
}

func TestHideError(t *testing.T) {
	cause := errors.New("hunter2 is no number")
	err := HideError(Catch(cause))
	if !Catchable(err) || !errors.Is(err, cause) || err.Error() == cause.Error() {
		t.Errorf("it became %v", err)
	}
	if HideError(err) != err || HideError(nil) != nil || Catchable(HideError(cause)) {
		t.Error("hiding changes more than the text")
	}
}
