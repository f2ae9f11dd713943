-- Argo CD's health of a FlannelNetwork, told by its conditions. How to install it: docs/gitops.md.
local hs = { status = "Progressing", message = "the operator has not looked at this generation yet" }
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready = conditions.Ready

if ready ~= nil and status.observedGeneration == obj.metadata.generation then
  hs.message = ready.message
  if conditions.Stalled ~= nil and conditions.Stalled.status == "True" then
    hs.status = "Degraded"
  elseif ready.status == "True" then
    hs.status = "Healthy"
  elseif conditions.Reconciling ~= nil and conditions.Reconciling.status == "True" then
    hs.status = "Progressing"
  elseif ready.reason == "Paused" then
    hs.status = "Suspended"
  else
    hs.status = "Degraded"
  end
elseif obj.metadata.deletionTimestamp ~= nil then
  hs.message = "it is being deleted, and flannel with it (deletionPolicy: Cleanup)"
end
return hs
