package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"homing/pkg/channel"
)

// statusTimedOut is what some proxies say of a server that did not answer them in time.
const statusTimedOut = 524

// longestAfter is the longest that an endpoint may ask to wait.
const longestAfter = 24 * time.Hour

// answered says what an answer means.
func answered(res *http.Response, now time.Time) channel.Outcome {
	out := channel.Outcome{Meaning: meaning(res.StatusCode), Code: res.StatusCode}
	if out.Meaning == channel.Accepted {
		return out
	}
	out.Detail = fmt.Sprintf("the endpoint answered %d", res.StatusCode)
	out.Err = errors.New(out.Detail)
	switch out.Meaning {
	case channel.SenderAtFault:
		out.ForGood = true
	case channel.Later:
		out.After = after(res.Header.Get("Retry-After"), now)
	}
	return out
}

// meaning is what a status says about a message.
func meaning(status int) channel.Meaning {
	switch status {
	case http.StatusGone:
		return channel.BadAddress
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return channel.Later
	case http.StatusGatewayTimeout, statusTimedOut: // a proxy gave it to a server that may have acted on it
		return channel.Unknown
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusMisdirectedRequest:
		return channel.SenderAtFault
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return channel.ContentAtFault
	}
	switch status / 100 {
	case 2:
		return channel.Accepted
	case 4:
		return channel.Refused
	case 5:
		return channel.Later
	}
	return channel.SenderAtFault // it leads somewhere else
}

// after reads a Retry-After, which is a number of seconds or a time; 0 if it says nothing.
func after(v string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(v, 10, 32)
	d := time.Duration(seconds) * time.Second
	if err != nil {
		at, err := http.ParseTime(v)
		if err != nil {
			return 0
		}
		d = at.Sub(now)
	}
	return min(max(d, 0), longestAfter)
}
