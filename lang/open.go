package lang

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mgmt/lang/resolve"
	"mgmt/lang/syntax"
)

// An Input says where a program is.
type Input struct {
	Source resolve.Source // where imports are read from
	Main   string         // path of the main file in Source
	Text   []byte         // of the main file, if it does not come from Source
	Files  fs.FS          // the directory of the program, for functions that read files of it; may be nil
	// ModulePath are the directories of modules fetched from elsewhere.
	ModulePath []string
}

// Open finds the program that arg names: "-" is code on stdin, a file or a path that ends in
// .mcl a file, a directory or its metadata.yaml a module; anything else is code itself.
func Open(arg string, stdin io.Reader) (Input, error) {
	switch {
	case arg == "":
		return Input{}, errors.New("the program is empty; name a file, a directory, or - for standard input")
	case arg == "-":
		return openStream("<stdin>", stdin)
	case arg == resolve.MetadataFile:
		return Input{}, errors.New("to run the module in this directory, write ./metadata.yaml or ./")
	case path.Base(filepath.ToSlash(arg)) == resolve.MetadataFile:
		return openDir(filepath.Dir(arg))
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return openDir(arg)
	case err == nil && !info.Mode().IsRegular():
		return openPipe(arg)
	case err == nil || strings.HasSuffix(arg, ".mcl") && !errors.Is(err, fs.ErrNotExist):
		return inDir(filepath.Dir(arg), filepath.Clean(arg), nil), nil
	case strings.HasSuffix(arg, ".mcl") || strings.HasSuffix(arg, "/") || !strings.ContainsAny(arg, " \n{\"=("):
		return Input{}, missing(arg)
	}
	return inDir(".", "<argument>", []byte(arg)), nil
}

// openPipe reads code from what a shell made of <(...), or the like.
func openPipe(name string) (Input, error) {
	f, err := os.Open(name)
	if err != nil {
		return Input{}, err
	}
	defer f.Close()
	return openStream("<"+name+">", f)
}

func openStream(name string, r io.Reader) (Input, error) {
	text, err := io.ReadAll(io.LimitReader(r, syntax.MaxFile+1))
	if err == nil && len(text) > syntax.MaxFile {
		err = fmt.Errorf("there are more than %d MiB", syntax.MaxFile>>20)
	}
	if err != nil {
		return Input{}, fmt.Errorf("reading the program from %s: %w", name, err)
	}
	return inDir(".", name, append([]byte{}, text...)), nil
}

// missing is the error for a name at which there is nothing. It says which program may be meant.
func missing(arg string) error {
	dir, base := filepath.Split(arg)
	names := programsIn(dir)
	near := base + ".mcl"
	if !slices.Contains(names, near) {
		near = syntax.Suggest(base, names)
	}
	if near != "" {
		return fmt.Errorf("there is no program %s; did you mean %s?", arg, filepath.Join(dir, near))
	}
	return fmt.Errorf("there is no program %s; name a .mcl file, a directory, or - for standard input", arg)
}

// programsIn lists the names of the programs in a directory.
func programsIn(dir string) []string {
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".mcl") {
			names = append(names, e.Name())
		}
	}
	return names
}

// openDir is a module. Which file it begins with is looked up at each load.
func openDir(dir string) (Input, error) {
	main, err := resolve.EntryFile(resolve.Dir("."), filepath.ToSlash(dir))
	if err == nil { // otherwise the load will say what is wrong, and where
		if _, err := os.Stat(main); errors.Is(err, fs.ErrNotExist) {
			return Input{}, noEntry(dir, main)
		}
	}
	return inDir(dir, strings.TrimSuffix(filepath.ToSlash(dir), "/")+"/", nil), nil
}

// noEntry is the error for a directory that does not have the file to begin with.
func noEntry(dir, main string) error {
	if _, err := os.Stat(filepath.Join(dir, resolve.MetadataFile)); err == nil {
		return fmt.Errorf("there is no %s, with which the module %s begins; see main in its %s", main, dir, resolve.MetadataFile)
	}
	const few = 3
	names := programsIn(dir)
	switch {
	case len(names) == 0:
		return fmt.Errorf("%s is no module: it has no main.mcl and no %s", dir, resolve.MetadataFile)
	case len(names) > few:
		names = append(names[:few:few], "…")
	}
	return fmt.Errorf("%s is no module: it has no main.mcl and no %s; name one of its programs: %s", dir, resolve.MetadataFile, strings.Join(names, ", "))
}

// inDir is a program in a directory. Text, where it is given, stands for the main file.
func inDir(dir, main string, text []byte) Input {
	in := Input{Source: resolve.Dir("."), Main: filepath.ToSlash(main), Text: text}
	if text != nil {
		in.Main = main
	}
	if root, err := os.OpenRoot(dir); err == nil {
		in.Files = beside{root.FS(), dir}
	}
	return in
}

// A beside is a directory of the machine, and those of modules beside it, which a program imports from
// there.
type beside struct {
	inside fs.FS
	dir    string
}

// Open implements fs.FS.
func (b beside) Open(name string) (fs.File, error) {
	place := resolve.Place(name)
	if place == name || !fs.ValidPath(name) {
		return b.inside.Open(name)
	}
	return os.Open(filepath.Join(b.dir, filepath.FromSlash(place)))
}
