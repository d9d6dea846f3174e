// Package replicas tests what only several processes of Homing can show: three
// times `homing run`, built from this tree, share a real NATS and a real Redis,
// each a process of its own, and send to an SMTP sink. What they did is audited:
// each touch has one outcome on the timeline, and the sink has the emails that
// the timeline speaks of, no marketing mail twice.
//
// It holds tests alone. What takes days is tested on fake time in homingtest.
package replicas
