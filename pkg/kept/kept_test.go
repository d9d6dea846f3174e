package kept

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
)

// fixture is a copy that an earlier version packed.
func fixture(t testing.TB) Copy {
	t.Helper()
	text, err := os.ReadFile("testdata/1")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	c, err := unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACopyComesBackAsItWas(t *testing.T) {
	whole, p := fixture(t), newPacker()
	for name, c := range map[string]Copy{
		"an email": whole, "an empty one": {}, "of other words": {HTML: strings.Repeat("שלום\x00\r\n ", 999), Text: "\xff"},
		"of half a megabyte": {HTML: strings.Repeat("<p>a longer one", 40_000), Text: strings.Repeat("b", 500_000)},
	} {
		packed := p.pack(c)
		if got, err := unpack(packed); err != nil || got != c {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %d bytes of %d", name, len(packed), len(c.HTML)+len(c.Text))
	}
	if n := len(p.pack(whole)); n > 1500 {
		t.Errorf("a copy has %d bytes: does the dictionary help?", n)
	}
}

// Copies are read for as long as they are kept, by later versions too.
func TestCopiesOfEarlierVersionsAreRead(t *testing.T) {
	for id, want := range map[uint32]string{1: "f587417ba1e39b2ec313fe2afb93f50430c61e8197a37741d069d9b814ce1fc5"} {
		if sum := sha256.Sum256(dictionaries[id]); hex.EncodeToString(sum[:]) != want {
			t.Errorf("dictionary %d is another one (%x): copies that were made with it cannot be read any more", id, sum)
		}
	}
	if c := fixture(t); c.Touch != "thank-you.thanks.k7q2mzx4p3rvbn5d.10042" || !strings.Contains(c.HTML, "Käse Müller") || !strings.HasSuffix(strings.TrimSpace(c.HTML), "</html>") {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsNoCopyIsAnError(t *testing.T) {
	p := newPacker()
	good := p.pack(Copy{HTML: "<p>"})
	for name, packed := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "cut": good[:len(good)-3],
		"a bomb":     p.z.EncodeAll(make([]byte, 64<<20), nil),
		"no head":    p.z.EncodeAll([]byte("hello"), nil),
		"wrong ends": p.z.EncodeAll([]byte(`{"parts":[1,2,-3,4]}`+"\nhello"), nil),
	} {
		if c, err := unpack(packed); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v, %+v", name, err, c)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	p, c := newPacker(), fixture(b)
	for b.Loop() {
		p.pack(c)
	}
}
