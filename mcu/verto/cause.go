package verto

import (
	"fmt"
	"strings"
)

// Cause is a hangup cause: ITU-T Q.850 below 128, FreeSWITCH's own above.
type Cause int

// The causes that occur in Verto.
const (
	CauseNoRoute              Cause = 3
	CauseNormalClearing       Cause = 16
	CauseUserBusy             Cause = 17
	CauseNoAnswer             Cause = 19
	CauseSubscriberAbsent     Cause = 20
	CauseCallRejected         Cause = 21
	CauseDestOutOfOrder       Cause = 27
	CauseTemporaryFailure     Cause = 41
	CauseBearerNotAuth        Cause = 57
	CauseBearerNotAvailable   Cause = 58
	CauseIncompatible         Cause = 88
	CauseInvalidMessage       Cause = 95
	CauseRecoveryTimerExpire  Cause = 102
	CauseOriginatorCancel     Cause = 487
	CauseLoseRace             Cause = 702
	CauseManagerRequest       Cause = 703
	CauseBlindTransfer        Cause = 800
	CauseAttendedTransfer     Cause = 801
	CauseAllottedTimeout      Cause = 802
	CauseMediaTimeout         Cause = 804
	CauseUserNotRegistered    Cause = 806
	causeUnspecifiedNameStart       = "CAUSE_"
)

// String is the name on the wire.
func (c Cause) String() string {
	for _, known := range causeNames() {
		if known.cause == c {
			return known.name
		}
	}
	return fmt.Sprintf("%s%d", causeUnspecifiedNameStart, int(c))
}

type causeName struct {
	cause Cause
	name  string
}

func causeNames() [21]causeName {
	return [...]causeName{
		{CauseNormalClearing, "NORMAL_CLEARING"},
		{CauseNoRoute, "NO_ROUTE_DESTINATION"},
		{CauseUserBusy, "USER_BUSY"},
		{CauseNoAnswer, "NO_ANSWER"},
		{CauseSubscriberAbsent, "SUBSCRIBER_ABSENT"},
		{CauseCallRejected, "CALL_REJECTED"},
		{CauseDestOutOfOrder, "DESTINATION_OUT_OF_ORDER"},
		{CauseTemporaryFailure, "NORMAL_TEMPORARY_FAILURE"},
		{CauseBearerNotAuth, "BEARERCAPABILITY_NOTAUTH"},
		{CauseBearerNotAvailable, "BEARERCAPABILITY_NOTAVAIL"},
		{CauseIncompatible, "INCOMPATIBLE_DESTINATION"},
		{CauseInvalidMessage, "INVALID_MSG_UNSPECIFIED"},
		{CauseRecoveryTimerExpire, "RECOVERY_ON_TIMER_EXPIRE"},
		{CauseOriginatorCancel, "ORIGINATOR_CANCEL"},
		{CauseLoseRace, "LOSE_RACE"},
		{CauseManagerRequest, "MANAGER_REQUEST"},
		{CauseBlindTransfer, "BLIND_TRANSFER"},
		{CauseAttendedTransfer, "ATTENDED_TRANSFER"},
		{CauseAllottedTimeout, "ALLOTTED_TIMEOUT"},
		{CauseMediaTimeout, "MEDIA_TIMEOUT"},
		{CauseUserNotRegistered, "USER_NOT_REGISTERED"},
	}
}

// ParseCause finds a cause by its name; case does not matter.
func ParseCause(name string) (Cause, bool) {
	for _, known := range causeNames() {
		if strings.EqualFold(known.name, name) {
			return known.cause, true
		}
	}
	return 0, false
}

// known reports whether the cause has a name.
func (c Cause) known() bool { return !strings.HasPrefix(c.String(), causeUnspecifiedNameStart) }
