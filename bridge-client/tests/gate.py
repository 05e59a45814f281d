"""A worker whose workflow waits at a gate. Arguments: Temporal's address, and the task queue, which is the workflow type too.

Signals: `open` ends the workflow with its argument, `break` lets it fail. Update: `set`. Queries: `current-state`, `value`.
"""

import asyncio
import sys
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

ADDRESS, QUEUE = sys.argv[1:3]


@workflow.defn(name=QUEUE)
class Gate:
    def __init__(self) -> None:
        self.value: Any = None
        self.opened = False
        self.broken = ""

    @workflow.run
    async def run(self, params: Any) -> Any:
        await workflow.wait_condition(lambda: self.opened or self.broken)
        if self.broken:
            raise ApplicationError(self.broken, type="GateBroken", non_retryable=True)
        return {"value": self.value, "params": params["activityParams"]}

    @workflow.signal(name="open")
    def open(self, value: Any = None) -> None:
        self.value, self.opened = value, True

    @workflow.signal(name="break")
    def break_it(self, why: str = "it broke") -> None:
        self.broken = why

    @workflow.update(name="set")
    def set(self, value: Any) -> Any:
        before, self.value = self.value, value
        return before

    @workflow.query(name="current-state")
    def state(self) -> str:
        return "opened" if self.opened else "waiting"

    @workflow.query(name="value")
    def current(self) -> Any:
        return self.value


async def main() -> None:
    client = await Client.connect(ADDRESS)
    # The sandbox would load this file anew, without its arguments.
    runner = UnsandboxedWorkflowRunner()
    await Worker(client, task_queue=QUEUE, workflows=[Gate], workflow_runner=runner).run()


asyncio.run(main())
