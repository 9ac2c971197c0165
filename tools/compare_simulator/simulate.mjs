// Asks the simulator: one case a line on standard input, one line of answers on standard output.
// A case: {policy, principal, repository, account, actions, worlds}. Its answer: for each world whether every action is allowed.
import { createInterface } from 'node:readline'
import { createValidatedPolicy } from '@cloud-copilot/iam-policy'
import { runUnsafeSimulation } from '@cloud-copilot/iam-simulate'

const ANYTHING = { name: 'anything', policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } }
const ANYONE = { name: 'anyone', policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] } }

// The simulator fails on a resource's policy without a name; ones that it would not take itself are simulated all the same.
const named = (policy) => createValidatedPolicy(policy, () => [], { name: 'repository' })

function isAllowed(test, action, contextVariables) {
  const simulation = {
    request: { principal: test.principal, action, resource: { resource: test.repository, accountId: test.account }, contextVariables },
    identityPolicies: [ANYTHING],
    serviceControlPolicies: [{ orgIdentifier: 'o-amazon', policies: [ANYTHING] }],
    resourceControlPolicies: [{ orgIdentifier: 'o-reader', policies: [ANYONE] }],
    resourcePolicy: named(test.policy),
  }
  return runUnsafeSimulation(simulation, {}) === 'Allowed'
}

for await (const line of createInterface({ input: process.stdin })) {
  const test = JSON.parse(line)
  try {
    console.log(JSON.stringify(test.worlds.map((world) => test.actions.every((action) => isAllowed(test, action, world)))))
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }))
  }
}
