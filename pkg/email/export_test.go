package email

import (
	"bytes"
	"net/mail"

	"homing/pkg/channel"
)

// Header is a header of a message as it goes over the wire.
func Header(m channel.Message, name string) string {
	read, err := mail.ReadMessage(bytes.NewReader(m.(*message).built.Bytes()))
	if err != nil {
		return err.Error()
	}
	return read.Header.Get(name)
}
