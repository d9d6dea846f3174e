package examine

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"homing/pkg/bus"
	"homing/pkg/doctor"
)

func (x *examiner) storage(ctx context.Context) []doctor.Finding {
	info, err := x.o.JS.AccountInfo(ctx)
	if err != nil {
		return []doctor.Finding{doctor.Unknown(doctor.Storage, "NATS account", words(bus.Explain(err)))}
	}
	s := doctor.Store{Limit: info.Limits.MaxStore, Used: int64(info.Store), Reserved: int64(info.ReservedStore)}
	for _, i := range x.items() {
		if i.Stream == nil {
			continue
		}
		s.Streams = append(s.Streams, doctor.StreamSize{Name: i.Name, Bytes: int64(i.Stream.State.Bytes), Max: i.Stream.Config.MaxBytes, Refuses: i.Refuses(),
			First: i.Stream.State.FirstTime, Last: i.Stream.State.LastTime})
	}
	none := "clients of NATS are not told"
	if x.o.Monitor != "" {
		if s.Disk, err = x.disk(ctx); err != nil {
			none = words(err)
		}
	}
	return doctor.JudgeStorage(s, none)
}

// disk asks the monitoring endpoint of a server what it may store, and, where it is on this
// machine, the file system.
func (x *examiner) disk(ctx context.Context) (*doctor.Disk, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(x.o.Monitor, "/")+"/jsz", nil)
	if err != nil {
		return nil, fmt.Errorf("--nats-monitor is not an address: write for example http://127.0.0.1:8222")
	}
	res, err := x.o.HTTP.Do(req)
	if err != nil {
		return nil, unquoted(err)
	}
	defer func() { _ = res.Body.Close() }()
	var said struct {
		ID     string `json:"server_id"`
		Config struct {
			Store string `json:"store_dir"`
			Max   int64  `json:"max_storage"`
		} `json:"config"`
		Used    int64 `json:"storage"`
		Reserve int64 `json:"reserved_storage"`
	}
	if err := json.NewDecoder(res.Body).Decode(&said); err != nil || res.StatusCode != http.StatusOK || said.ID == "" {
		return nil, fmt.Errorf("%s/jsz answers %d, and not as a nats-server does", x.o.Monitor, res.StatusCode)
	}
	d := &doctor.Disk{Server: req.URL.Host, Limit: said.Config.Max, Used: said.Used, Reserve: said.Reserve, Free: -1}
	if near(req.URL.Hostname()) {
		d.Free = free(said.Config.Store)
	}
	return d, nil
}

// near reports whether a host is this machine.
func near(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// unquoted is an error of an HTTP request without its address, which may have a password.
func unquoted(err error) error {
	if u, is := err.(*url.Error); is {
		return u.Err
	}
	return err
}
