package mcu_test

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/omniverto/omniverto/mcu"
	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/directory"
	"github.com/omniverto/omniverto/media"
	"github.com/omniverto/omniverto/media/mediatest"
	"github.com/omniverto/omniverto/media/opus"
	"github.com/omniverto/omniverto/media/vpx"
	"github.com/omniverto/omniverto/media/yuv"
)

// The benchmark of a whole meeting runs the server and the floor as processes of
// their own, so that their CPU time can be told from the load generator's. They
// are this test binary, started again with one of these in childEnv.
const (
	childEnv    = "OMNIVERTO_COST_CHILD"
	childServer = "server"
	childFloor  = "floor"
	dataEnv     = "OMNIVERTO_COST_DATA"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case childServer:
		untilTerminated(runServer)
	case childFloor:
		untilTerminated(runFloor)
	default:
		code := m.Run()
		if err := goleak.Find(); code == 0 && err != nil {
			fmt.Fprintln(os.Stderr, "goroutines left behind:", err)
			code = 1
		}
		os.Exit(code)
	}
}

func untilTerminated(run func(context.Context)) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	run(ctx)
}

func runServer(ctx context.Context) {
	cfg := config.Default()
	cfg.Data = os.Getenv(dataEnv)
	cfg.HTTPS, cfg.WS, cfg.Admin, cfg.Media = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	s, err := mcu.New(cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.Links().Local)
	if err := s.Run(ctx); err != nil {
		os.Exit(1)
	}
}

const (
	costMembers = 4
	costWidth   = 640
	costHeight  = 360
	costFPS     = 30
	costRound   = 10 * time.Second
)

// loop is one second of a coded camera, to be sent again and again.
func loop(i int) ([][]byte, error) {
	enc, err := vpx.NewEncoder(media.VideoEncoderConfig{Width: costWidth, Height: costHeight, FPS: costFPS, Bitrate: 600000, Layers: 1})
	if err != nil {
		return nil, err
	}
	defer enc.Close()
	pic := media.NewPicture(costWidth, costHeight)
	var units [][]byte
	for n := range costFPS {
		// A coloured card with noise that rises and falls and a bar that runs
		// through it: hard enough for a real bit rate.
		pic.Fill(mediatest.Color(i).YUV())
		mediatest.Rect(pic, image.Rect(n*20, 40, n*20+60, 320), mediatest.Color(i+n/10+1).YUV())
		for y := 100; y < 260; y++ {
			row := pic.Y[y*pic.StrideY : y*pic.StrideY+costWidth]
			for x := 200; x < 440; x++ {
				row[x] = byte(64 + (x*y+n*7*(x+3*y))>>4&127)
			}
		}
		data, _, err := enc.Encode(pic, media.EncodeOptions{PTS: int64(n) * 3000, Key: n == 0})
		if err != nil {
			return nil, err
		}
		units = append(units, slices.Clone(data))
	}
	return units, nil
}

// sounds are ticks of coded sound: a tone for the talker, silence for the others.
func sounds(talks bool) ([][]byte, error) {
	enc, err := opus.NewEncoder(opus.EncoderOptions{Channels: 2, Bitrate: 48000, Complexity: 5})
	if err != nil {
		return nil, err
	}
	defer enc.Close()
	pcm, buf := make([]int16, 2*media.TickSamples), make([]byte, 1500)
	var out [][]byte
	for n := range 50 {
		if talks {
			mediatest.Tone(pcm, 2, 440, -20, n*media.TickSamples)
		}
		size, err := enc.Encode(pcm, buf)
		if err != nil {
			return nil, err
		}
		out = append(out, slices.Clone(buf[:size]))
	}
	return out, nil
}

// runFloor does the bare codec work of the meeting at its pace: each camera
// decoded once, put into its cell, one encode; sound decoded for the one who is
// audible, one encode for the listeners and one for the talker.
func runFloor(ctx context.Context) {
	encode, _ := vpx.NewEncoder(media.VideoEncoderConfig{Width: 1280, Height: 720, FPS: costFPS, Bitrate: 2000000, Layers: 2})
	pool, scaler := media.NewPicturePool(8), yuv.Scaler{}
	canvas := media.NewPicture(1280, 720)
	var cameras [costMembers][][]byte
	var decoders [costMembers]*vpx.Decoder
	for i := range cameras {
		cameras[i], _ = loop(i)
		decoders[i], _ = vpx.NewDecoder(vpx.DecoderOptions{MaxArea: 1920 * 1080})
	}
	go floorSound(ctx)
	fmt.Println("floor")
	tick := time.NewTicker(time.Second / costFPS)
	for n := int64(0); ctx.Err() == nil; n++ {
		<-tick.C
		for i, d := range decoders {
			pic, err := d.Decode(cameras[i][n%costFPS], pool)
			if err != nil || pic == nil {
				continue
			}
			cell := image.Rect(i%2*640, i/2*360, i%2*640+640, i/2*360+360)
			scaler.Scale(canvas, cell, pic, image.Rect(0, 0, costWidth, costHeight))
			pic.Release()
		}
		_, _, _ = encode.Encode(canvas, media.EncodeOptions{PTS: n * 3000, Key: n == 0, Layer: uint8(n & 1)})
	}
}

func floorSound(ctx context.Context) {
	talk, _ := sounds(true)
	dec, _ := opus.NewDecoder(2)
	var enc [2]*opus.Encoder
	for i := range enc {
		enc[i], _ = opus.NewEncoder(opus.EncoderOptions{Channels: 2, Bitrate: 64000, Complexity: 5, FEC: true, LossPercent: 3})
	}
	pcm, out := make([]int16, 2*media.TickSamples), make([]byte, 1500)
	tick := time.NewTicker(media.AudioTick)
	for n := 0; ctx.Err() == nil; n++ {
		<-tick.C
		_, _ = dec.Decode(talk[n%len(talk)], pcm)
		for _, e := range enc {
			_, _ = e.Encode(pcm, out)
		}
	}
}

// child is a process of this binary.
type child struct {
	cmd   *exec.Cmd
	first string // line of output
}

func startChild(b *testing.B, kind, data string) *child {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+kind, dataEnv+"="+data)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return &child{cmd, strings.TrimSpace(line)}
}

// cores is the CPU that the process uses over d, in cores.
func (c *child) cores(b *testing.B, d time.Duration) float64 {
	b.Helper()
	began, before := time.Now(), c.ticks(b)
	<-time.After(d)
	return float64(c.ticks(b)-before) / 100 / time.Since(began).Seconds()
}

// ticks is the process' user and system time in clock ticks of 10 ms (proc(5)).
func (c *child) ticks(b *testing.B) int {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return user + system
}

// BenchmarkMeeting measures the server in a room of four with 640x360 cameras on
// a 1280x720 canvas against the bare codec work, in turns (A-B-A-B) in one run.
// While the floor runs, the server is stopped and the same clients send on.
func BenchmarkMeeting(b *testing.B) {
	data := b.TempDir()
	srv := startChild(b, childServer, data)
	keys, err := directory.OpenKeys(data + "/tokens")
	if err != nil {
		b.Fatal(err)
	}
	ws := "ws" + strings.TrimPrefix(srv.first, "http") + "/verto"
	var firsts []float64
	for i := range costMembers {
		token, err := keys.Sign(directory.Claims{Room: "3600", Role: directory.RoleParticipant}, time.Hour)
		if err != nil {
			b.Fatal(err)
		}
		video, err := loop(i)
		if err != nil {
			b.Fatal(err)
		}
		sound, err := sounds(i == 0)
		if err != nil {
			b.Fatal(err)
		}
		c := connect(b, ws, token)
		began := time.Now()
		c.join("3600", fmt.Sprint("client", i))
		c.await("first picture", func() bool { return c.pics > 0 })
		firsts = append(firsts, float64(time.Since(began).Milliseconds()))
		c.deaf.Store(true) // decoding the canvas would be the load generator's own cost
		c.loop(video, sound)
	}
	b.ResetTimer()
	for b.Loop() {
		var server, floor []float64
		<-time.After(costRound / 2)
		for range 2 {
			server = append(server, srv.cores(b, costRound))
			_ = srv.cmd.Process.Signal(syscall.SIGSTOP)
			f := startChild(b, childFloor, "")
			<-time.After(time.Second)
			floor = append(floor, f.cores(b, costRound))
			_ = f.cmd.Process.Kill()
			_ = srv.cmd.Process.Signal(syscall.SIGCONT)
			<-time.After(costRound / 2)
		}
		s, f := (server[0]+server[1])/2, (floor[0]+floor[1])/2
		b.Logf("server %.3f cores, floor %.3f cores, first pictures %v ms", server, floor, firsts)
		b.ReportMetric(s, "server-cores")
		b.ReportMetric(f, "floor-cores")
		b.ReportMetric(s/f, "server/floor")
	}
	slices.Sort(firsts)
	b.ReportMetric(firsts[len(firsts)-1], "first-picture-max-ms")
	b.ReportMetric(0, "ns/op")
}
