package templates_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/render"
	"homing/templates"
)

func TestTheBinaryHoldsEveryMailOfTheFolder(t *testing.T) {
	inside, err := render.Load(templates.Files)
	if err != nil {
		t.Fatal(err)
	}
	outside, err := render.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(outside.Names(), inside.Names()); diff != "" {
		t.Errorf("add the folder to the go:embed line of templates.go (-folder +binary):\n%s", diff)
	}
}
