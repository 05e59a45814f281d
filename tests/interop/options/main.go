// Prints what Go makes of Temporal's options: one JSON object a line, with the values and Go's encoding of them.
//
// The values are told a second way, one that needs no knowledge of Go's JSON: integers as text, floats as their bits. A
// reader can thus make the same value by itself, encode it and compare.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// How many values of each type are drawn, beside the chosen ones.
const drawn = 100

// Not here: \b and \f, which Go 1.22 began to write in short; EMCO is built with older releases.
var texts = []string{
	"", "a", "MIGRATION_TASK_Q", "migrate-apps-1", "@every 1h", "0 12 * * MON-FRI",
	"<a href=\"x\">&amp;</a>", "\u2028 and \u2029", "back\\slash /slash", "line\nfeed\r\ttab", "\x00\x01\x1f\x7f",
	"Größe", "日本語", "🚚", "e\u0301", "\ufeff\ufffd", "'", "null", "{}",
}

var durations = []int64{
	0, 1, -1, 10, 999, 1_000, 5_000_000, int64(time.Second), int64(time.Minute), int64(24 * time.Hour),
	1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64,
}

var floats = []float64{
	0, 1, 2, 1.5, 0.1, -1, 1.0 / 3, 1e-6, 9.99e-7, 1e-7, 1e20, 1e21, 123456789.125, 1 << 53, math.Pi * 1e100,
	math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1),
}

var source = rand.New(rand.NewPCG(1, 13))

func one[T any](from []T) T { return from[source.IntN(len(from))] }

func coin() bool { return source.IntN(2) == 0 }

func text() string {
	if coin() {
		return one(texts)
	}
	return one(texts) + strconv.Itoa(source.IntN(1000)) + one(texts)
}

func duration() time.Duration {
	if coin() {
		return time.Duration(one(durations))
	}
	return time.Duration(source.Uint64() >> source.IntN(64))
}

func float() float64 {
	if coin() {
		return one(floats)
	}
	return source.NormFloat64() * math.Pow(10, float64(source.IntN(50)-25))
}

func retryPolicy() *temporal.RetryPolicy {
	policy := &temporal.RetryPolicy{
		InitialInterval:    duration(),
		BackoffCoefficient: float(),
		MaximumInterval:    duration(),
		MaximumAttempts:    int32(source.Uint32()) >> source.IntN(32),
	}
	if coin() {
		policy.NonRetryableErrorTypes = make([]string, source.IntN(4))
		for i := range policy.NonRetryableErrorTypes {
			policy.NonRetryableErrorTypes[i] = text()
		}
	}
	return policy
}

func maybeRetryPolicy() *temporal.RetryPolicy {
	if coin() {
		return nil
	}
	return retryPolicy()
}

func activityOptions() *workflow.ActivityOptions {
	return &workflow.ActivityOptions{
		TaskQueue:              text(),
		ScheduleToCloseTimeout: duration(),
		ScheduleToStartTimeout: duration(),
		StartToCloseTimeout:    duration(),
		HeartbeatTimeout:       duration(),
		WaitForCancellation:    coin(),
		ActivityID:             text(),
		RetryPolicy:            maybeRetryPolicy(),
	}
}

func startOptions() *client.StartWorkflowOptions {
	return &client.StartWorkflowOptions{
		ID:                                       text(),
		TaskQueue:                                text(),
		WorkflowExecutionTimeout:                 duration(),
		WorkflowRunTimeout:                       duration(),
		WorkflowTaskTimeout:                      duration(),
		WorkflowIDReusePolicy:                    enums.WorkflowIdReusePolicy(source.IntN(4)),
		WorkflowExecutionErrorWhenAlreadyStarted: coin(),
		RetryPolicy:                              maybeRetryPolicy(),
		CronSchedule:                             text(),
		Memo:                                     maybeObject(),
		SearchAttributes:                         maybeObject(),
	}
}

func maybeObject() map[string]any {
	if coin() {
		return nil
	}
	return object(3)
}

func object(depth int) map[string]any {
	made := map[string]any{}
	for range source.IntN(4) {
		made[text()] = value(depth - 1)
	}
	return made
}

// What Go's decoder puts into an `any`.
func value(depth int) any {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch source.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return coin()
	case 2:
		return text()
	case 3:
		return float()
	case 4:
		list := make([]any, source.IntN(4))
		for i := range list {
			list[i] = value(depth - 1)
		}
		return list
	default:
		return object(depth)
	}
}

func integer[T ~int32 | ~int64](number T) string { return strconv.FormatInt(int64(number), 10) }

func bits(float float64) string { return fmt.Sprintf("%016x", math.Float64bits(float)) }

// The fields in their order.
func told(options any) any {
	switch o := options.(type) {
	case *temporal.RetryPolicy:
		if o == nil {
			return nil
		}
		return []any{
			integer(o.InitialInterval), bits(o.BackoffCoefficient), integer(o.MaximumInterval),
			integer(o.MaximumAttempts), o.NonRetryableErrorTypes,
		}
	case *workflow.ActivityOptions:
		return []any{
			o.TaskQueue, integer(o.ScheduleToCloseTimeout), integer(o.ScheduleToStartTimeout),
			integer(o.StartToCloseTimeout), integer(o.HeartbeatTimeout), o.WaitForCancellation, o.ActivityID,
			told(o.RetryPolicy),
		}
	case *client.StartWorkflowOptions:
		return []any{
			o.ID, o.TaskQueue, integer(o.WorkflowExecutionTimeout), integer(o.WorkflowRunTimeout),
			integer(o.WorkflowTaskTimeout), integer(o.WorkflowIDReusePolicy),
			o.WorkflowExecutionErrorWhenAlreadyStarted, told(o.RetryPolicy), o.CronSchedule, told(o.Memo),
			told(o.SearchAttributes),
		}
	case float64:
		return map[string]any{"float": bits(o)}
	case map[string]any:
		if o == nil {
			return nil
		}
		fields := map[string]any{}
		for name, field := range o {
			fields[name] = told(field)
		}
		return map[string]any{"object": fields}
	case []any:
		list := make([]any, len(o))
		for i, element := range o {
			list[i] = told(element)
		}
		return list
	default:
		return o
	}
}

type line struct {
	Type   string `json:"type"`
	Fields any    `json:"fields"`
	Go     string `json:"go"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	tell := func(kind string, options any) {
		encoded, err := json.Marshal(options)
		if err == nil {
			err = out.Encode(line{kind, told(options), string(encoded)})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, kind, err)
			os.Exit(1)
		}
	}
	tell("RetryPolicy", &temporal.RetryPolicy{})
	tell("ActivityOptions", &workflow.ActivityOptions{})
	tell("StartWorkflowOptions", &client.StartWorkflowOptions{})
	for _, float := range floats {
		tell("RetryPolicy", &temporal.RetryPolicy{BackoffCoefficient: float})
	}
	for _, nanoseconds := range durations {
		tell("RetryPolicy", &temporal.RetryPolicy{InitialInterval: time.Duration(nanoseconds)})
	}
	for _, text := range texts {
		tell("ActivityOptions", &workflow.ActivityOptions{TaskQueue: text, ActivityID: text})
	}
	for range drawn {
		tell("RetryPolicy", retryPolicy())
		tell("ActivityOptions", activityOptions())
		tell("StartWorkflowOptions", startOptions())
	}
}
