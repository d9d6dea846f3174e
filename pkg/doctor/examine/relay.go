package examine

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"homing/pkg/doctor"
	"homing/pkg/mailer"
)

// relays are asked at the same time.
func (x *examiner) relays(ctx context.Context) (out []doctor.Finding) {
	var mu sync.Mutex
	var all sync.WaitGroup
	of := map[*mailer.Relay][]string{}
	for _, id := range slices.Sorted(maps.Keys(x.o.Relays)) {
		of[x.o.Relays[id]] = append(of[x.o.Relays[id]], id)
	}
	for r, stores := range of {
		all.Go(func() {
			found := doctor.JudgeRelay(lookAt(ctx, r, stores), time.Now())
			mu.Lock()
			defer mu.Unlock()
			out = append(out, found...)
		})
	}
	all.Wait()
	slices.SortStableFunc(out, func(a, b doctor.Finding) int { return strings.Compare(a.About, b.About) })
	return out
}

func lookAt(ctx context.Context, r *mailer.Relay, stores []string) doctor.RelayFacts {
	f := doctor.RelayFacts{Addr: r.Addr(), Stores: stores, Near: near(r.Host()), User: r.User()}
	look, err := r.Look(ctx, doctor.Extensions)
	if err != nil {
		f.Err, f.Advice = relayTrouble(err)
		return f
	}
	f.Security, f.Offers, f.Certificate = look.Security, look.Offers, look.Certificate
	return f
}

// relayTrouble says why a relay is not ready for email, and what to do.
func relayTrouble(err error) (text, do string) {
	text, do = "is not ready for email: "+err.Error(), "bring it back, or correct smtp.url; its log says more"
	if errors.Is(err, context.DeadlineExceeded) {
		text = "is not ready for email: it did not answer in time"
	}
	f, is := errors.AsType[*mailer.Failure](err)
	if !is {
		return text, do
	}
	bad, mend := certificateTrouble(f.Err, "name the authority's certificate in smtp.ca_file", "write the name in smtp.url for which its certificate is")
	switch {
	case bad != "":
		return "is not ready for email: " + bad, mend
	case errors.Is(f.Err, mailer.ErrNoSTARTTLS):
		return "does not offer STARTTLS, and smtp:// demands it", "switch TLS on at the relay; or write smtps:// for a port that speaks TLS at once, smtp+insecure:// for a relay on this machine"
	case f.Code == 535 || f.Phase == mailer.PhaseAuth:
		do = "correct user and password in smtp.url (percent-encoded), or see that the account may send"
	}
	if _, is := errors.AsType[*tls.CertificateVerificationError](f.Err); is {
		do = "see why its certificate is not trusted: openssl s_client -starttls smtp -connect HOST:PORT"
	}
	return text, do
}

func (x *examiner) files(context.Context) []doctor.Finding {
	var out []doctor.SecretFile
	for _, f := range x.o.Config.SecretFiles() {
		s := doctor.SecretFile{Key: f.Key, Path: f.Path}
		info, err := os.Stat(f.Path)
		if err != nil {
			s.Err = err.Error()
		} else {
			s.Mode = info.Mode()
		}
		out = append(out, s)
	}
	return doctor.JudgeFiles(out)
}
