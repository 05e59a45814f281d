"""A worker whose workflow answers what it was given, and as what type. Arguments: Temporal's address, the task queue."""

import asyncio
import sys
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

ADDRESS, QUEUE = sys.argv[1:3]


@workflow.defn(name=QUEUE)
class Echo:
    @workflow.run
    async def run(self, params: Any) -> Any:
        return {"type": type(params).__name__, "params": params}


async def main() -> None:
    client = await Client.connect(ADDRESS)
    # The sandbox would load this file anew, without its arguments.
    runner = UnsandboxedWorkflowRunner()
    await Worker(client, task_queue=QUEUE, workflows=[Echo], workflow_runner=runner).run()


asyncio.run(main())
