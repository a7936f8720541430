package test

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
	"testing"
)

const (
	maxFile     = 800 // lines
	maxFunction = 120 // lines
)

func TestPackagesAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range tree(t) {
		name := strings.TrimSuffix(f.syntax.Name.Name, "_test")
		if f.test && f.folder != "test" {
			continue
		}
		doc := f.syntax.Doc.Text()
		good := strings.HasPrefix(doc, "Package "+name+" ") || name == "main" && strings.HasPrefix(doc, "Command "+path.Base(f.folder)+" ")
		documented[f.folder] = documented[f.folder] || good
		if doc != "" && !good {
			t.Errorf("%s: the package comment must begin with its name", f.path)
		}
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("%s: no package comment", folder)
		}
	}
}

func TestBudgets(t *testing.T) {
	for _, f := range tree(t) {
		if f.lines > maxFile {
			t.Errorf("%s has %d lines, more than %d: it has two subjects", f.path, f.lines, maxFile)
		}
		if f.test {
			continue
		}
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				if n := f.line(fn.End()) - f.line(fn.Pos()) + 1; n > maxFunction {
					t.Errorf("%s: %s has %d lines, more than %d", f.path, fn.Name.Name, n, maxFunction)
				}
			}
		}
	}
}

func (f file) line(pos token.Pos) int { return f.fset.Position(pos).Line }

// TestForbiddenCalls: commands print and nobody else; a test waits for what it
// waits for, unless its time is virtual; a panic is for construction, for the
// reference counts of media, or has its reason in words.
func TestForbiddenCalls(t *testing.T) {
	for _, f := range tree(t) {
		for _, decl := range f.syntax.Decls {
			fn, _ := decl.(*ast.FuncDecl)
			ast.Inspect(decl, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if said := f.complaint(call, fn); said != "" {
						t.Errorf("%s:%d: %s", f.path, f.line(call.Pos()), said)
					}
				}
				return true
			})
		}
	}
}

func (f file) complaint(call *ast.CallExpr, fn *ast.FuncDecl) string {
	switch name := calledName(call); {
	case strings.HasPrefix(name, "fmt.Print") && !f.test && !strings.HasPrefix(f.folder, "cmd/"):
		return name + " outside cmd: log, or write to a writer that is handed in"
	case name == "time.Sleep" && f.test && !f.imports("testing/synctest"):
		return "time.Sleep in a test: wait for the thing itself"
	case name == "panic" && !f.test && f.folder != "media/mediatest" && !mayPanic(fn) && !f.commented(call):
		return "panic outside construction: return an error, or say beside it or in the function's comment why it is one"
	case name == "t.Skip" || name == "t.Skipf" || name == "t.SkipNow":
		return "a skipped test: remove it or make it run"
	}
	return ""
}

// calledName is "fmt.Println" or "panic".
func calledName(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok {
			return x.Name + "." + fun.Sel.Name
		}
	}
	return ""
}

func (f file) imports(path string) bool {
	for _, spec := range f.syntax.Imports {
		if spec.Path.Value == `"`+path+`"` {
			return true
		}
	}
	return false
}

// mayPanic tells whether a function constructs something, or its comment speaks
// of panics.
func mayPanic(fn *ast.FuncDecl) bool {
	if fn == nil {
		return false
	}
	name := strings.ToLower(fn.Name.Name)
	switch name {
	case "retain", "release":
		return true
	}
	return strings.HasPrefix(name, "new") || strings.HasPrefix(name, "must") || strings.Contains(fn.Doc.Text(), "panic")
}

// commented tells whether a comment stands on the call's line.
func (f file) commented(call *ast.CallExpr) bool {
	for _, group := range f.syntax.Comments {
		if f.line(group.Pos()) == f.line(call.End()) {
			return true
		}
	}
	return false
}

// TestNoLooseEnds: the tree holds no marks of unfinished work.
func TestNoLooseEnds(t *testing.T) {
	marks := []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"}
	for _, f := range tree(t) {
		for _, group := range f.syntax.Comments {
			for _, mark := range marks {
				if strings.Contains(group.Text(), mark) {
					t.Errorf("%s:%d: %s", f.path, f.line(group.Pos()), mark)
				}
			}
		}
	}
}
