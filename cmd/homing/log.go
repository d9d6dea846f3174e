package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// logger makes the log on stderr: for people on a terminal, for programs
// anywhere else. level holds unless --log-level says otherwise.
func (p *program) logger(level zapcore.Level) *zap.Logger {
	if p.logLevel != "" {
		// checkShared saw to it that the name is one.
		level, _ = zapcore.ParseLevel(p.logLevel)
	}
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	c.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(c)
	if p.logFormat == "console" || p.logFormat == "auto" && isTerminal(p.err) {
		c.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		c.EncodeLevel = zapcore.CapitalLevelEncoder
		if p.colors() {
			c.EncodeLevel = zapcore.CapitalColorLevelEncoder
		}
		c.ConsoleSeparator = "  "
		encoder = zapcore.NewConsoleEncoder(c)
	}
	log := zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(p.err)), level))
	redis.SetLogger(redisLog{log.Named("redis")})
	return log
}

// redisLog takes what go-redis would print itself. It is told again, with what
// follows from it, in the caller.
type redisLog struct{ log *zap.Logger }

func (l redisLog) Printf(_ context.Context, format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...))
}

// colors says whether stderr is a terminal that may be coloured.
func (p *program) colors() bool {
	if v, set := p.env("NO_COLOR"); set && v != "" {
		return false
	}
	return isTerminal(p.err)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
