package localtime

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

//go:embed zones.zip
var packed []byte

// folders are where a system keeps its zones; Go looks there, too.
var folders = []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}

// A Database says whose rules of time zones are used. Governments change them a few
// times a year, often with weeks of notice.
type Database struct {
	Version  string // "2026f"; "" if the folder does not say
	Folder   string // where the zones are read; "" for those that the binary carries
	System   string // the version of the system's, if it says
	Embedded string // the version that the binary carries
}

// A source reads the compiled form of a zone.
type source interface {
	zone(name string) ([]byte, error)
}

// databases are the one that is used, and what is asked for a name that it lacks.
type databases struct {
	Database
	sources []source
}

var open = sync.OnceValue(func() databases {
	return choose(os.Getenv("ZONEINFO"), folders)
})

// Zones says which database of time zones is used. It is read once: after an update
// of the system's, restart.
func Zones() Database { return open().Database }

// choose takes the folder that the operator names, or the system's, or the embedded
// database where the system has none or is known to have an older one.
func choose(named string, folders []string) databases {
	carried := archive()
	d := databases{Database: Database{Embedded: carried.version}, sources: []source{carried}}
	d.Version = d.Embedded
	if named != "" {
		folders = []string{named}
	}
	for _, dir := range folders {
		if _, err := os.Stat(filepath.Join(dir, "Europe", "London")); err != nil {
			continue
		}
		d.System = versionOf(dir)
		if named == "" && d.System != "" && d.System < d.Embedded {
			d.sources = append(d.sources, folder(dir))
			break
		}
		d.Version, d.Folder, d.sources = d.System, dir, []source{folder(dir), carried}
		break
	}
	return d
}

// versionOf reads the version that a folder of zones says in its first line: "2026f".
func versionOf(dir string) string {
	for _, name := range []string{"tzdata.zi", "+VERSION"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		head := make([]byte, 64)
		n, _ := io.ReadFull(f, head)
		_ = f.Close()
		line, _, _ := strings.Cut(string(head[:n]), "\n")
		line = strings.TrimSpace(strings.TrimPrefix(line, "# version"))
		if len(line) >= 5 && len(line) <= 8 && line[0] == '2' {
			return line
		}
	}
	return ""
}

func (d Database) String() string {
	from := "carried by the binary"
	switch {
	case d.Folder != "":
		from = "of " + d.Folder
	case d.System != "":
		from += "; the system has " + d.System
	}
	version := d.Version
	if version == "" {
		version = "of an unknown version"
	}
	return version + " (" + from + ")"
}

// Warning says what is wrong with the database, "" if it is of these days.
func (d Database) Warning(now time.Time) string {
	const advice = "; update the package tzdata, or Homing, and restart"
	switch {
	case d.Version == "":
		return "the time zones of " + d.Folder + " do not say their version; install the package tzdata, with its file tzdata.zi"
	case d.Version < d.Embedded:
		return fmt.Sprintf("the time zones are of %s, and Homing carries %s%s", d.Version, d.Embedded, advice)
	case d.System != "" && d.System < d.Embedded:
		return fmt.Sprintf("the system's time zones are of %s; those that Homing carries are used, of %s%s", d.System, d.Embedded, advice)
	case now.Sub(released(d.Version)) > 365*24*time.Hour:
		return fmt.Sprintf("the time zones are of %s, more than a year old%s", d.Version, advice)
	}
	return ""
}

// released is about when a version was: "b" comes some six weeks after "a".
func released(version string) time.Time {
	var year int
	var letter byte
	if _, err := fmt.Sscanf(version, "%4d%c", &year, &letter); err != nil || letter < 'a' {
		return time.Time{}
	}
	weeks := min(2+6*int(letter-'a'), 50)
	return time.Date(year, time.January, 1+7*weeks, 0, 0, 0, 0, time.UTC)
}

// A folder is zones in files.
type folder string

var errName = errors.New("not the name of a time zone")

func (f folder) zone(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(name)))
}

// A carrier is the zones that the binary carries.
type carrier struct {
	version string
	files   *zip.Reader
}

var archive = sync.OnceValue(func() carrier {
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		panic("localtime: zones.zip: " + err.Error()) // it is part of the binary
	}
	return carrier{r.Comment, r}
})

func (c carrier) zone(name string) ([]byte, error) {
	f, err := c.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(f)
}

// read finds a zone in the first of the sources that has it.
func (d databases) read(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	if strings.Contains(name, "..") || strings.ContainsAny(name, "\\\x00") || name[0] == '/' || name == "Local" {
		return nil, fmt.Errorf("%q: %w", name, errName)
	}
	var first error
	for _, s := range d.sources {
		data, err := s.zone(name)
		if err == nil {
			var z *time.Location
			if z, err = time.LoadLocationFromTZData(name, data); err == nil {
				return z, nil
			}
		}
		if first == nil {
			first = err
		}
	}
	return nil, fmt.Errorf("%q: %w", name, errors.Join(errName, first))
}
