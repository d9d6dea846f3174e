package render

import (
	"fmt"
	"os"
	"testing"
)

func TestTmp(t *testing.T) {
	s, err := Load(os.DirFS("../../templates"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sm := range s.Samples("thank-you/thanks") {
		m, err := s.Render("thank-you/thanks", sm.Data)
		fmt.Println(sm.Name, err, len(m.HTML), len(m.Text))
		fmt.Println(m.Subject, "|", m.Preheader)
		fmt.Println(m.Text)
		os.WriteFile("/tmp/prev-"+sm.Name+".html", []byte(m.HTML), 0o644)
	}
}
