dev:
	go build -o bin/homing ./cmd/homing
	bin/homing dev $(ARGS)
