// Command release builds what a release consists of: for each platform an archive with the
// program, its manual pages and completions, the licence and the README; what each program is
// made of (an SBOM), and the sums of all. The same commit gives the same bytes, on any machine
// with the same Go. It publishes nothing.
//
//	go run ./deploy/release -out dist [-platforms linux/amd64,darwin/arm64]
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// release is one commit, as it is built.
type release struct {
	version, revision string
	time              time.Time // of the commit
	out               string
}

func main() {
	out := flag.String("out", "dist", "the `folder` to write to; what is in it is deleted")
	platforms := flag.String("platforms", "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64", "what to build for")
	flag.Parse()
	if err := run(*out, strings.Split(*platforms, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(out string, platforms []string) error {
	r, err := describe(out)
	if err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "homing-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	fmt.Printf("%s (%s)\n", r.version, r.revision)
	extra, err := r.documents(work)
	if err != nil {
		return err
	}
	for _, p := range platforms {
		system, arch, ok := strings.Cut(p, "/")
		if !ok {
			return fmt.Errorf("%q is no platform, such as linux/amd64", p)
		}
		if err := r.platform(work, system, arch, extra); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return r.sums()
}

// describe asks git which version this is: a tag, or the tag before and the commit. The
// environment may say it instead, where there is no git: VERSION, REVISION, SOURCE_DATE_EPOCH.
func describe(out string) (*release, error) {
	ask := func(variable string, args ...string) (string, error) {
		if v := os.Getenv(variable); v != "" {
			return v, nil
		}
		said, err := exec.Command("git", args...).Output()
		if err != nil {
			return "", fmt.Errorf("git %s: %w; or set %s", strings.Join(args, " "), err, variable)
		}
		return strings.TrimSpace(string(said)), nil
	}
	version, err1 := ask("VERSION", "describe", "--tags", "--always", "--dirty")
	revision, err2 := ask("REVISION", "rev-parse", "HEAD")
	epoch, err3 := ask("SOURCE_DATE_EPOCH", "log", "-1", "--format=%ct")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return &release{version, revision, time.Unix(seconds, 0).UTC(), out}, nil
}

// build builds the program for a platform; without one, for this machine.
func (r *release) build(to, system, arch string) error {
	// The same flags as in deploy/Dockerfile.
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags",
		"-s -w -buildid= -X main.version="+r.version+" -X main.revision="+r.revision, "-o", to, "./cmd/homing")
	// What somebody's environment says may not change what is built.
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GOOS="+system, "GOARCH="+arch)
	c.Stderr = os.Stderr
	return c.Run()
}

// documents has the program write its manual pages and completions, and returns the files
// that every archive has, by their names there.
func (r *release) documents(work string) (map[string]string, error) {
	program := filepath.Join(work, "here")
	if err := r.build(program, "", ""); err != nil {
		return nil, err
	}
	files := map[string]string{"LICENSE": "LICENSE", "README.md": "README.md", "CHANGELOG.md": "CHANGELOG.md"}
	man := filepath.Join(work, "man")
	c := exec.Command(program, "man", man)
	c.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.time.Unix(), 10))
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("homing man: %w: %s", err, said)
	}
	pages, err := filepath.Glob(filepath.Join(man, "*.1"))
	if err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, errors.New("homing man wrote nothing")
	}
	for _, p := range pages {
		files["man/man1/"+filepath.Base(p)] = p
	}
	for shell, name := range map[string]string{"bash": "homing.bash", "zsh": "_homing", "fish": "homing.fish", "powershell": "homing.ps1"} {
		text, err := exec.Command(program, "completion", shell).Output()
		if err != nil {
			return nil, fmt.Errorf("homing completion %s: %w", shell, err)
		}
		path := filepath.Join(work, name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return nil, err
		}
		files["completions/"+name] = path
	}
	for _, dir := range []string{"templates", "configs", "deploy/systemd"} {
		if err := addFolder(files, dir); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// platform builds, packs and describes the program for one platform.
func (r *release) platform(work, system, arch string, extra map[string]string) error {
	name := fmt.Sprintf("homing_%s_%s_%s", strings.TrimPrefix(r.version, "v"), system, arch)
	program := filepath.Join(work, name)
	if err := r.build(program, system, arch); err != nil {
		return err
	}
	sbom, err := r.sbom(program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.out, name+".cdx.json"), sbom, 0o644); err != nil {
		return err
	}
	files := map[string]string{"homing": program}
	maps.Copy(files, extra)
	return pack(filepath.Join(r.out, name+".tar.gz"), name, files, r.time)
}

// sums writes the sums of all that was built, as sha256sum -c reads them.
func (r *release) sums() error {
	paths, err := filepath.Glob(filepath.Join(r.out, "homing_*"))
	if err != nil {
		return err
	}
	slices.Sort(paths)
	var lines strings.Builder
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(data), filepath.Base(p))
	}
	fmt.Print(lines.String())
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(lines.String()), 0o644)
}
