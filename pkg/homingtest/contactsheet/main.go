// Command contactsheet takes a picture of every email in every language, with its first
// sample, next to one another:
//
//	go run ./pkg/homingtest/contactsheet docs/images/emails.png
//
// It needs Chromium, and no network: pictures are drawn, as the inbox of homing dev does.
package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"homing/pkg/mailview"
	"homing/pkg/render"
	"homing/templates"
)

const (
	wide    = 640 // of an email, px
	high    = 1100
	scale   = .34
	columns = 4 // languages
	patient = 2 * time.Minute
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("contactsheet: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: contactsheet PICTURE.png")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(to string) error {
	set, err := render.Load(templates.Files)
	if err != nil {
		return err
	}
	sheet, err := sheet(set)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, sheet) })
	mux.HandleFunc("/picture.svg", mailview.Picture)
	server := httptest.NewServer(mux)
	defer server.Close()
	picture, err := shoot(server.URL)
	if err != nil {
		return err
	}
	return os.WriteFile(to, picture, 0o644)
}

// sheet is a page with a row for each email, and a column for each language.
func sheet(set *render.Set) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html><meta charset="utf-8"><style>
body {margin: 0; padding: 24px; background: #e8e8ea; font: 13px/1.4 system-ui, sans-serif; color: #333}
.row {display: flex; gap: 20px; margin: 0 0 24px}
.mail {width: %.0fpx}
.frame {width: %.0fpx; height: %.0fpx; overflow: hidden; background: #fff; box-shadow: 0 1px 4px #0003}
iframe {width: %dpx; height: %dpx; border: 0; transform: scale(%g); transform-origin: 0 0}
b, span {display: block; overflow: hidden; white-space: nowrap; text-overflow: ellipsis}
</style>`, wide*scale, wide*scale, high*scale, wide, high, scale)
	for _, name := range set.Names() {
		b.WriteString(`<div class="row">`)
		languages := set.Languages(name)
		if i := slices.Index(languages, "en"); i > 0 { // what it was written in comes first
			languages = slices.Insert(slices.Delete(slices.Clone(languages), i, i+1), 0, "en")
		}
		for _, lang := range languages {
			out, err := set.Render(name, set.Samples(name)[0].Data.In(lang))
			if err != nil {
				return "", fmt.Errorf("%s in %s: %w", name, lang, err)
			}
			fmt.Fprintf(&b, `<div class="mail"><b>%s · %s</b><span>%s</span><div class="frame"><iframe srcdoc="%s"></iframe></div></div>`,
				name, lang, html.EscapeString(out.Subject), html.EscapeString(mailview.WithDrawn(out.HTML, mailview.Every)))
		}
		b.WriteString("</div>")
	}
	return b.String(), nil
}

// shoot takes a picture of a whole page.
func shoot(url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	width := 24*2 + int64(math.Ceil(columns*(wide*scale+20)))
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 1000), chromedp.Navigate(url), chromedp.Sleep(2*time.Second)); err != nil { // for the frames
		return nil, err
	}
	return chromedp.Run(ctx, chromedp.FullScreenshot(100)) // as PNG
}
