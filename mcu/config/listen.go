package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"
)

// Listen opens the TCP listener of one of the settings https, ws, admin or
// metrics. A taken port is an error, except that a loopback address which the
// user did not name moves to a free port with a warning: another server, such
// as FreeSWITCH, may be running beside this one.
func (c Config) Listen(setting string, log *slog.Logger) (net.Listener, error) {
	address, err := c.address(setting)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err == nil {
		return l, nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("config: %s: cannot listen on %s: %w", setting, address, cause(err))
	}
	if c.Named(setting) || !isLoopback(address) {
		return nil, fmt.Errorf("config: %s: %s is already in use; stop the other program or choose another address with --%s", setting, address, setting)
	}
	host, _, _ := net.SplitHostPort(address)
	l, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("config: %s: cannot listen on any port of %s: %w", setting, host, cause(err))
	}
	log.Warn("port is in use, took a free one", "setting", setting, "wanted", address, "address", l.Addr().String())
	return l, nil
}

func (c Config) address(setting string) (string, error) {
	switch setting {
	case "https":
		return c.HTTPS, nil
	case "ws":
		return c.WS, nil
	case "admin":
		return c.Admin, nil
	case "metrics":
		return c.Metrics, nil
	}
	return "", fmt.Errorf("config: %q is not a listening setting", setting)
}

// cause strips the operation and address that net repeats.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
