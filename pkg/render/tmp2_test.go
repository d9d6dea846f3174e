package render
import ("testing";"os";"fmt";"homing/events";"strings")
func TestTmp2(t *testing.T){
 s, err := Load(os.DirFS("../../templates"))
 if err != nil { t.Fatal(err) }
 d := s.Samples("thank-you/thanks")[0].Data.clone()
 d.Order.Items[0].Name = strings.Repeat("Handmade ceramic teapot with bamboo handle and ",4)
 d.Order.Items[1].Name = strings.Repeat("Donaudampfschifffahrtsgesellschaft",4)
 d.Order.Items[1].ImageURL = ""
 d.Order.Items[2].Name = "مصباح معدني أبيض"
 d.Customer.FirstName = "محمد"
 d.Order.Total = events.Money{Minor: 1234567, Currency:"JPY"}
 for i := range d.Order.Items { d.Order.Items[i].Price = events.Money{Minor: 123456, Currency: "JPY"} }
 d.Order.More = 12
 m, _ := s.Render("thank-you/thanks", d)
 os.WriteFile("/tmp/prev-odd.html", []byte(m.HTML), 0o644)
 d = s.Samples("thank-you/thanks")[1].Data.clone()
 for i := range d.Order.Items { d.Order.Items[i].ImageURL = "" }
 m, _ = s.Render("thank-you/thanks", d)
 os.WriteFile("/tmp/prev-noimg.html", []byte(m.HTML), 0o644)
 os.WriteFile("/tmp/prev-rtl.html", []byte(strings.ReplaceAll(m.HTML, `dir="ltr"`, `dir="rtl"`)), 0o644)
 d = s.Samples("thank-you/thanks")[2].Data.clone()
 for len(d.Order.Items) < 30 { it := d.Order.Items[len(d.Order.Items)%3]; it.Name += " "+strings.Repeat("x",60); d.Order.Items = append(d.Order.Items, it) }
 m, _ = s.Render("thank-you/thanks", d)
 fmt.Println("30 items", len(m.HTML), len(m.Text))
 for _, sm := range s.Samples("thank-you/thanks")[:3] {
  m, _ := s.Render("thank-you/thanks", sm.Data)
  os.WriteFile("/tmp/prev-"+sm.Name+".html", []byte(m.HTML), 0o644)
 }
}
