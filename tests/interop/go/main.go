// A worker and a workflow client as EMCO's users write them in Go.
//
//	go worker ADDRESS QUEUE    runs the workflow QUEUE, which answers what it was given, and as what type
//	go client ADDRESS BODY     starts the workflow that this body of an /invoke asks for
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// What EMCO posts to a workflow client.
type temporalSpec struct {
	Name    string                      `json:"workflowClientName"`
	Options client.StartWorkflowOptions `json:"workflowStartOptions"`
	Params  workflowParams              `json:"workflowParams"`
}

type workflowParams struct {
	Options map[string]workflow.ActivityOptions `json:"activityOptions,omitempty"`
	Params  map[string]map[string]string        `json:"activityParams,omitempty"`
}

type seen struct {
	Type   string         `json:"type"`
	Params workflowParams `json:"params"`
}

func echo(_ workflow.Context, params workflowParams) (seen, error) {
	return seen{fmt.Sprintf("%T", params), params}, nil
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("say `worker ADDRESS QUEUE` or `client ADDRESS BODY`")
	}
	temporal, err := client.Dial(client.Options{HostPort: args[1]})
	if err != nil {
		return err
	}
	defer temporal.Close()
	if args[0] == "worker" {
		queue := args[2]
		w := worker.New(temporal, queue, worker.Options{})
		w.RegisterWorkflowWithOptions(echo, workflow.RegisterOptions{Name: queue})
		return w.Run(worker.InterruptCh())
	}
	var spec temporalSpec
	if err := json.Unmarshal([]byte(args[2]), &spec); err != nil {
		return err
	}
	// EMCO's generic client: the workflow type is the name of the task queue.
	_, err = temporal.ExecuteWorkflow(context.Background(), spec.Options, spec.Options.TaskQueue, spec.Params)
	return err
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
