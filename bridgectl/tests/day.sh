# An administrator's day. The folder has gate.json, an intent whose workflow waits for the signal `open` or `break`.

# Register what the author has delivered, and check it.
bridgectl apply -f gate.json --dry-run
bridgectl apply -f gate.json
bridgectl intent check gate
bridgectl diff -f gate.json

# Start it, and watch it until it ends.
bridgectl start gate --workflow-id morning
bridgectl status gate --watch > watched &
until bridgectl query gate current-state > /dev/null 2>&1; do sleep 0.2; done
bridgectl signal gate open
wait $!
tail -n 1 watched | grep -q 'morning: Completed'

# Another one takes too long: cancel it.
bridgectl start gate --workflow-id noon
bridgectl cancel gate --wait 60s --reason 'it takes too long'

# One has failed: find out why.
bridgectl start gate --workflow-id evening
bridgectl signal gate break 'the disk is full'
code=0; bridgectl status gate --wait || code=$?
test $code -eq 6
bridgectl status gate | grep -q 'the disk is full (GateBroken)'
bridgectl explain workflowFailed

# A rule raises an alarm about it. Acknowledge it.
cat > rule.yaml << RULE
metadata: {name: failed}
spec: {when: {state: [Failed]}, every: 10s, then: [{alarm: {probableCause: workflowFailed}}]}
RULE
bridgectl apply -f rule.yaml
until test -n "$(bridgectl alarm list -o name)"; do sleep 0.5; done
bridgectl alarm ack $(bridgectl alarm list -o name)

# Let it run each night.
cat > nightly.yaml << SCHEDULE
metadata: {name: nightly}
spec: {crons: ['30 2 * * *'], start: {workflowID: 'night-{{uuid}}'}}
SCHEDULE
bridgectl apply -f nightly.yaml --intent gate
bridgectl schedule preview gate nightly --limit 2

# Hand over: what there is, what has happened today, and what is open.
bridgectl export > project.json
bridgectl import -f project.json --dry-run=server
bridgectl audit verify
bridgectl runs gate
bridgectl alarm list
bridgectl audit list --object proj1
echo 'handed over'
