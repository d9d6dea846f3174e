package sheet_test

import (
	"strings"
	"testing"
	"time"

	"homing/pkg/shop"
	"homing/pkg/shop/sheet"
	"homing/pkg/shop/shoptest"
)

func store(t testing.TB) shop.Store {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return shop.Store{ID: "main", Zone: zone, Currency: "GBP"}
}

func TestWhatFilesSay(t *testing.T) { shoptest.Exports(t, "testdata", store(t), sheet.Open) }

func FuzzSheet(f *testing.F) { shoptest.FuzzExports(f, "testdata", store(f), sheet.Open) }

func TestAFileThatIsNothingSaysWhatItLacks(t *testing.T) {
	for in, want := range map[string]string{
		"":                                       "the file is empty",
		"a,b\n1,2\n":                             `neither orders (a column "order_id")`,
		"order_id,email\n":                       `the column "placed_at" is missing`,
		"order_id,placed_at,product_id,quantity": "whose orders are they?",
		"\"order_id\n":                           "line 1, which has the names of the columns",
	} {
		if _, err := sheet.Open(strings.NewReader(in), shop.Export{Store: store(t)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", in, err, want)
		}
	}
}

// A quote that is never closed would be one row to the end: the memory is bounded, and
// what came before is there.
func TestAQuoteThatIsNeverClosedEndsTheFile(t *testing.T) {
	in := "order_id,email,placed_at,product_id,quantity,name\n1,a@example.com,2024-01-01,p,1,Tea\n2,b@example.com,2024-01-01,p,1,\"Tea\n" +
		strings.Repeat("3,c@example.com,2024-01-01,p,1,Tea\n", 400_000)
	src, err := sheet.Open(strings.NewReader(in), shop.Export{Store: store(t)})
	if err != nil {
		t.Fatal(err)
	}
	good, err := src.Next()
	if err != nil || len(good.Events) != 1 {
		t.Fatal(good, err)
	}
	bad, err := src.Next()
	if err != nil || len(bad.Faults) != 1 || bad.Line != 3 || !strings.Contains(bad.Faults[0].Detail, "never closed") {
		t.Errorf("%+v, %v", bad, err)
	}
	if r, err := src.Next(); err == nil {
		t.Errorf("then %+v", r)
	}
}
