// Command studiopictures takes the pictures of the console that the documentation shows:
//
//	go run ./pkg/homingtest/studiopictures docs/images
//
// It needs Chromium, and no network.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/console"
	"homing/pkg/devstack"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/studio"
	"homing/pkg/templatestore"
	"homing/templates"
)

const (
	token   = "a-token-that-only-these-pictures-use"
	words   = "phrases/en.yaml"
	patient = 3 * time.Minute
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("studiopictures: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: studiopictures FOLDER")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	if err := run(ctx, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, folder string) (err error) {
	dir, err := os.MkdirTemp("", "studiopictures")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: dir})
	if err != nil {
		return err
	}
	defer srv.Stop()
	nc, err := nats.Connect(srv.URL())
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	if _, err := bus.Setup(ctx, js, bus.Limits{}, nil, time.Now()); err != nil {
		return err
	}
	versions := templatestore.New(js)
	if err := write(ctx, versions); err != nil {
		return err
	}
	s, err := open(versions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop(ctx)) }()
	return shoot(ctx, s.URL(), folder)
}

// write publishes two versions, and puts a further change on the desk.
func write(ctx context.Context, versions *templatestore.Store) error {
	files, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		return err
	}
	text := string(files[words])
	change := func(from, to string) error {
		if !strings.Contains(text, from) {
			return fmt.Errorf("%s does not have %q any more: choose other words for the pictures", words, from)
		}
		text = strings.Replace(text, from, to, 1)
		return nil
	}
	for n, v := range []struct{ from, to, by, what string }{
		{"we’ll take good care of you.", "we’ll take very good care of you.", "Ben", "A warmer thank-you"},
		{"Here’s what happens next.", "Here’s what comes next.", "Ann", "The preheader of the thank-you"},
	} {
		if err := change(v.from, v.to); err != nil {
			return err
		}
		if _, err := versions.Publish(ctx, templatestore.Draft{Files: templatestore.Files{words: []byte(text)}, Base: n, Author: v.by, Message: v.what}); err != nil {
			return err
		}
	}
	base := templatestore.SumOf([]byte(text), true)
	if err := change("title_first: Welcome{{with", "title_first: Hello{{with"); err != nil {
		return err
	}
	_, err = versions.ChangeDesk(ctx, func(d *templatestore.Desk) error {
		d.Put(templatestore.Edit{Path: words, By: "Ann", At: time.Now().UTC(), Base: base, Text: []byte(text)})
		return nil
	})
	return err
}

func open(versions *templatestore.Store) (*studio.Studio, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	c := config.Example()
	stores, err := programme.Open(&c, nil)
	if err != nil {
		return nil, err
	}
	return studio.Start(studio.Options{
		Carried: templates.Files, Versions: versions, Load: render.Load, Stores: []studio.Store{{ID: "main", View: stores["main"].View}},
		Access: console.New(console.Options{People: []console.Person{{Name: "Ann", Editor: true, Token: token}}}),
		Addr:   addr, URL: "http://localhost:" + port, MailURL: "http://127.0.0.1:" + port,
	})
}

func shoot(ctx context.Context, url, folder string) error {
	ctx, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(url), chromedp.Focus("#token"), chromedp.KeyEvent(token+"\r"), chromedp.Sleep(time.Second)); err != nil {
		return err
	}
	for _, p := range []struct{ name, path, ready string }{
		{"console-email", "/emails/thank-you/thanks", "document.documentElement.dataset.shown"},
		{"console-draft", "/versions/draft", `document.querySelector(".pair iframe")`},
		{"console-versions", "/versions", `document.querySelector("table")`},
	} {
		// Twice, so that the email is compiled by then: the page says how long that took.
		if err := chromedp.Do(ctx, chromedp.Navigate(url+p.path), chromedp.Sleep(5*time.Second), chromedp.Navigate(url+p.path)); err != nil {
			return err
		}
		for {
			is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+p.ready+")"))
			if err != nil && ctx.Err() != nil {
				return fmt.Errorf("%s: %w", p.path, err)
			}
			if is {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err := chromedp.Do(ctx, chromedp.Sleep(2*time.Second)); err != nil { // for the frames
			return err
		}
		// The first one has parts of the page that are not painted yet.
		if _, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err != nil {
			return err
		}
		if err := chromedp.Do(ctx, chromedp.Sleep(time.Second)); err != nil {
			return err
		}
		picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, p.name+".png"), picture, 0o644); err != nil {
			return err
		}
	}
	return nil
}
