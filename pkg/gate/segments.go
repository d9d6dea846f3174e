package gate

import (
	"strings"
	"time"

	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Segments are names of segments; see pkg/segment.
type Segments []string

// segmentsWait is after what time it is asked again who is in which segment, where nobody
// knew.
const segmentsWait = 15 * time.Minute

// Segmented reports whether a worker's emails are for the customers of some segments only.
func (o Own) Segmented() bool { return len(o.Segments)+len(o.NotSegments) > 0 }

// segments: a worker may be for the customers of some segments only, and not for those of
// others. While nobody knows who is in them, its emails wait.
func segments(c *Case) touch.Verdict {
	own := c.Policy.Own
	for _, name := range own.NotSegments {
		switch is, because, err := c.Member(name); {
		case err != nil:
			return touch.HoldUntil(c.Now.Add(segmentsWait), reason.SegmentsUnknown, err.Error())
		case is:
			return touch.DropFor(reason.NotInSegment, c.Touch.Worker+" is not for customers in "+name+": "+because)
		}
	}
	var why []string
	for _, name := range own.Segments {
		switch is, because, err := c.Member(name); {
		case err != nil:
			return touch.HoldUntil(c.Now.Add(segmentsWait), reason.SegmentsUnknown, err.Error())
		case is:
			return touch.Verdict{}
		default:
			why = append(why, "not in "+name+": "+because)
		}
	}
	if why == nil {
		return touch.Verdict{}
	}
	return touch.DropFor(reason.NotInSegment, strings.Join(why, "; "))
}
