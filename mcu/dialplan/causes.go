package dialplan

import (
	"strconv"
	"strings"
)

// causes are FreeSWITCH's names of hangup causes: those of Q.850 and its own.
var causes = map[string]int{
	"UNALLOCATED_NUMBER": 1, "NO_ROUTE_TRANSIT_NET": 2, "NO_ROUTE_DESTINATION": CauseNoRoute, "CHANNEL_UNACCEPTABLE": 6,
	"NORMAL_CLEARING": CauseNormalClearing, "USER_BUSY": 17, "NO_USER_RESPONSE": 18, "NO_ANSWER": 19,
	"SUBSCRIBER_ABSENT": CauseSubscriberAbsent, "CALL_REJECTED": 21, "NUMBER_CHANGED": 22, "EXCHANGE_ROUTING_ERROR": 25,
	"DESTINATION_OUT_OF_ORDER": CauseOutOfOrder, "INVALID_NUMBER_FORMAT": 28, "FACILITY_REJECTED": 29, "NORMAL_UNSPECIFIED": 31,
	"NORMAL_CIRCUIT_CONGESTION": 34, "NETWORK_OUT_OF_ORDER": 38, "NORMAL_TEMPORARY_FAILURE": 41, "SWITCH_CONGESTION": 42,
	"REQUESTED_CHAN_UNAVAIL": 44, "OUTGOING_CALL_BARRED": 52, "INCOMING_CALL_BARRED": 54, "BEARERCAPABILITY_NOTAUTH": 57,
	"BEARERCAPABILITY_NOTAVAIL": 58, "SERVICE_UNAVAILABLE": 63, "FACILITY_NOT_SUBSCRIBED": 50, "SERVICE_NOT_IMPLEMENTED": 79,
	"INCOMPATIBLE_DESTINATION": 88, "INVALID_MSG_UNSPECIFIED": 95, "MANDATORY_IE_MISSING": 96, "RECOVERY_ON_TIMER_EXPIRE": 102,
	"PROTOCOL_ERROR": 111, "INTERWORKING": 127, "ORIGINATOR_CANCEL": 487, "USER_NOT_REGISTERED": 806, "ALLOTTED_TIMEOUT": 802,
}

// causeOf reads a cause by name or number; none, or an unknown one, is normal clearing.
func causeOf(name string) int {
	name = strings.ToUpper(strings.TrimSpace(name))
	if code, ok := causes[name]; ok {
		return code
	}
	if n, err := strconv.Atoi(name); err == nil && n > 0 && n < 1000 {
		return n
	}
	return CauseNormalClearing
}

// causeOfStatus is the cause that FreeSWITCH gives a SIP status (RFC 3398 in its main).
func causeOfStatus(status int) int {
	switch status {
	case 200:
		return CauseNormalClearing
	case 401, 402, 403, 407, 603, 608:
		return causes["CALL_REJECTED"]
	case 404:
		return causes["UNALLOCATED_NUMBER"]
	case 485, 604:
		return CauseNoRoute
	case 408, 504:
		return causes["RECOVERY_ON_TIMER_EXPIRE"]
	case 410:
		return causes["NUMBER_CHANGED"]
	case 413, 414, 416, 420, 421, 423, 505, 513:
		return causes["INTERWORKING"]
	case 480:
		return causes["NO_USER_RESPONSE"]
	case 400, 481, 500, 503:
		return causes["NORMAL_TEMPORARY_FAILURE"]
	case 486, 600:
		return causes["USER_BUSY"]
	case 484:
		return causes["INVALID_NUMBER_FORMAT"]
	case 488, 606:
		return causes["INCOMPATIBLE_DESTINATION"]
	case 502:
		return causes["NETWORK_OUT_OF_ORDER"]
	case 405:
		return causes["SERVICE_UNAVAILABLE"]
	case 406, 415, 501:
		return causes["SERVICE_NOT_IMPLEMENTED"]
	case 482, 483:
		return causes["EXCHANGE_ROUTING_ERROR"]
	case 487:
		return causes["ORIGINATOR_CANCEL"]
	}
	return causes["NORMAL_UNSPECIFIED"]
}
