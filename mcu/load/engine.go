package load

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const (
	uriLevel    = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	uriSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

	opusPT, eventPT, vp8PT, rtxPT = 111, 110, 96, 97

	// feedbackEvery is the interval of transport-wide feedback, as in browsers.
	feedbackEvery = 50 * time.Millisecond
)

// api is pion with the codecs, extensions and feedback that a browser has.
func (p *peer) api() (*webrtc.API, error) {
	engine, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := errors.Join(registerCodecs(engine), registerExtensions(engine), registerFeedback(registry)); err != nil {
		return nil, fmt.Errorf("load: set up WebRTC: %w", err)
	}
	se := webrtc.SettingEngine{LoggerFactory: quiet()}
	se.SetICEUDPMux(p.mux)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	se.SetIncludeLoopbackCandidate(true)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.DisableActiveTCP(true)
	se.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	return webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(se), webrtc.WithInterceptorRegistry(registry)), nil
}

func registerCodecs(engine *webrtc.MediaEngine) error {
	feedback := []webrtc.RTCPFeedback{{Type: "goog-remb"}, {Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	audio := func(c webrtc.RTPCodecCapability, pt webrtc.PayloadType) error {
		return engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: pt}, webrtc.RTPCodecTypeAudio)
	}
	video := func(c webrtc.RTPCodecCapability, pt webrtc.PayloadType) error {
		return engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: pt}, webrtc.RTPCodecTypeVideo)
	}
	return errors.Join(
		audio(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1;stereo=1", RTCPFeedback: feedback[1:2]}, opusPT),
		audio(webrtc.RTPCodecCapability{MimeType: "audio/telephone-event", ClockRate: 48000}, eventPT),
		video(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: feedback}, vp8PT),
		video(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", vp8PT)}, rtxPT),
	)
}

func registerExtensions(engine *webrtc.MediaEngine) error {
	var errs []error
	for _, uri := range []string{uriLevel, uriSendTime, sdp.TransportCCURI, sdp.SDESMidURI} {
		if uri != uriLevel {
			errs = append(errs, engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo))
		}
		errs = append(errs, engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeAudio))
	}
	return errors.Join(errs...)
}

func registerFeedback(registry *interceptor.Registry) error {
	responder, err2 := nack.NewResponderInterceptor()
	receiver, err3 := report.NewReceiverInterceptor()
	sender, err4 := report.NewSenderInterceptor()
	feedback, err5 := twcc.NewSenderInterceptor(twcc.SendInterval(feedbackEvery))
	numbers, err6 := twcc.NewHeaderExtensionInterceptor()
	if err := errors.Join(err2, err3, err4, err5, err6); err != nil {
		return err
	}
	for _, f := range []interceptor.Factory{responder, receiver, sender, feedback, numbers} {
		registry.Add(f)
	}
	return nil
}

// quiet is pion's logger that says nothing: what matters is measured.
func quiet() logging.LoggerFactory {
	f := logging.NewDefaultLoggerFactory()
	f.DefaultLogLevel = logging.LogLevelDisabled
	f.ScopeLevels = map[string]logging.LogLevel{}
	return f
}
