// Command demopictures takes the pictures that show a shop with a year behind it: it starts
// `homing dev --demo` and looks at it as a newcomer does.
//
//	go run ./pkg/homingtest/demopictures bin/homing docs/images
//
// It needs Chromium, and no network. The shop is the same each time, but for its dates.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"
)

// patient is how long all of it may take.
const patient = 15 * time.Minute

func main() {
	log.SetFlags(0)
	log.SetPrefix("demopictures: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: demopictures HOMING FOLDER")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	if err := run(ctx, os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// demo is where a running demo is to be seen.
type demo struct{ Inbox, Studio string }

func run(ctx context.Context, homing, folder string) error {
	ctx, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	b := browser{ctx, folder}
	// Twice as many customers as usual, so that something can be said of the lift.
	for _, x := range []struct {
		take func(demo) error
		args []string
	}{{b.inbox, []string{"--speed", "3600"}}, {b.console, []string{"--demo-customers", "4000"}}} {
		at, end, err := start(ctx, homing, x.args...)
		if err == nil {
			err = errors.Join(x.take(at), end())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// secret is always the same, so that the same customers are held out each time.
const secret = "cGljdHVyZXMgb2YgdGhlIGRlbW8sIGFsd2F5cyBhbGlrZQ=="

// start starts a demo, and waits until it says where it is.
func start(ctx context.Context, homing string, args ...string) (at demo, end func() error, err error) {
	dir, err := os.MkdirTemp("", "demopictures")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "secret"), []byte(secret+"\n"), 0o600)
	}
	if err != nil {
		return at, nil, err
	}
	args = append([]string{"dev", "--demo", "--state", dir, "--output", "json", "--inbox-port", "0", "--studio-port", "0", "--nats-port", "0", "--smtp-port", "0", "--http-port", "0", "--gateway-port", "0"}, args...)
	cmd := exec.CommandContext(ctx, homing, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return at, nil, errors.Join(err, os.RemoveAll(dir))
	}
	end = func() error {
		_ = cmd.Process.Signal(syscall.SIGTERM) // or it has ended
		_ = cmd.Wait()                          // as it was told
		return os.RemoveAll(dir)
	}
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		return at, nil, errors.Join(fmt.Errorf("%s dev --demo says nothing of where it is: %w", homing, err), end())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return at, end, nil
}

// A picture is one of a page.
type picture struct {
	name          string
	width, height int64
	url           string
	ready         string // what is true in the page once it is whole
	then          string // what is done there before it is taken; may be empty
}

// inbox takes the picture of a day's emails.
func (b browser) inbox(at demo) error {
	return b.take(picture{name: "inbox", width: 1280, height: 660, url: at.Inbox, ready: `document.querySelectorAll("#rows li").length >= 15 && document.querySelector("#rows a").innerText.includes("%")`,
		then: `document.querySelector("#rows a").click()`})
}

// console takes the pictures of a year, and of the digest that follows from it.
func (b browser) console(at demo) error {
	if err := b.take(picture{name: "console", width: 1280, height: 1010, url: at.Studio + "/numbers", ready: `document.documentElement.dataset.drawn && document.querySelector(".answers")`}); err != nil {
		return err
	}
	if err := b.open(picture{url: at.Studio + "/numbers/digest", width: 1280, height: 900, ready: `document.querySelector("iframe.digest")`}); err != nil {
		return err
	}
	frame, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("iframe.digest").src`))
	if err != nil {
		return err
	}
	// Without the page around it.
	email := picture{name: "digest", width: 640, height: 900, url: frame, ready: `document.images.length > 0 && [...document.images].every((i) => i.complete)`}
	if err := b.open(email); err != nil {
		return err
	}
	whole, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](`document.documentElement.scrollHeight`))
	if err != nil {
		return err
	}
	email.height = int64(whole)
	return b.take(email)
}

type browser struct {
	ctx    context.Context
	folder string
}

// open opens a page and waits until it is whole.
func (b browser) open(p picture) error {
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(p.width, p.height), chromedp.Navigate(p.url)); err != nil {
		return err
	}
	for n := 1; ; n++ {
		if n%50 == 0 { // what a page shows may be there by now
			if err := chromedp.Do(b.ctx, chromedp.Navigate(p.url)); err != nil {
				return err
			}
		}
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+p.ready+")"))
		if is {
			return nil
		}
		if b.ctx.Err() != nil {
			return errors.Join(fmt.Errorf("%s is still not so", p.ready), err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (b browser) take(p picture) error {
	if err := b.open(p); err != nil {
		return err
	}
	if p.then != "" {
		if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("("+p.then+", true)")); err != nil {
			return err
		}
	}
	// Twice the same: frames, fonts and what fades have come to rest.
	var last []byte
	for range 20 {
		if err := chromedp.Do(b.ctx, chromedp.Sleep(time.Second)); err != nil {
			return err
		}
		now, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return err
		}
		if bytes.Equal(now, last) {
			break
		}
		last = now
	}
	return os.WriteFile(filepath.Join(b.folder, p.name+".png"), last, 0o644)
}
