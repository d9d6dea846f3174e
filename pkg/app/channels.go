package app

import (
	"homing/pkg/config"
	"homing/pkg/delivery"
	"homing/pkg/email"
	"homing/pkg/throughput"
	"homing/pkg/webhook"
)

// byChannel returns how a worker's messages leave that don't go by email. Its stores that
// have the same channel share its throughput, if the configuration says the same of it.
func (a *App) byChannel(store, name, worker string) delivery.Route {
	c := a.o.Config.Stores[store].Channels[name]
	return delivery.Route{
		Channel: a.webhook(store, name, c), Connections: c.Connections,
		Rate: a.throughput(store, worker, throughput.Options{Relay: "channel " + name + " of " + c.URL.String(), PerSecond: c.PerSecond, Now: a.o.Scale.Now}),
	}
}

// webhook returns a channel of a store. Workers share it, and so its connections.
func (a *App) webhook(store, name string, c config.Channel) *webhook.Channel {
	id := store + " " + name
	if w := a.webhooks[id]; w != nil {
		return w
	}
	keys, _ := c.Keys() // they were validated
	w := webhook.New(webhook.Options{
		Name: name, Store: store, URL: c.Endpoint(), Keys: keys, Fields: c.Fields, Timeout: c.Timeout, Connections: c.Connections,
		Write: email.New(a.looks(store)).Write, Dial: a.o.ChannelDial, Answered: a.metrics.answered("channel " + name),
	})
	a.webhooks[id] = w
	return w
}
