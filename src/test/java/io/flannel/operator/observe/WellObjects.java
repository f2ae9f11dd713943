package io.flannel.operator.observe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The objects of a healthy cluster, as JSON. */
public final class WellObjects {
  /** Number of nodes. */
  public static final int NODES = 8;

  /** Number of each node's peers. */
  private static final int PEERS = 3;

  private static final ObjectMapper JSON = new ObjectMapper();

  private WellObjects() {}

  public static final ObjectNode NETWORK =
      object(
          """
          {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNetwork",
           "metadata":{"name":"default","uid":"u","resourceVersion":"1","generation":1,
                       "creationTimestamp":"2026-11-30T09:00:00Z","annotations":{"a":"b"}},
           "spec":{"cidr":"10.244.0.0/16","backend":{"type":"ipip"},"mtu":1480,
                   "flannel":{"extraArgs":["--iptables-resync=30"],"nodeSelector":{},
                              "resources":{"limits":{"memory":"100Mi"}},
                              "tolerations":[{"operator":"Exists","effect":"NoSchedule"}]},
                   "health":{"interval":"2s","failAfter":3,"port":8473},
                   "rollout":{"maxUnavailable":"10%","progressDeadline":"10m"},
                   "deletionPolicy":"Cleanup"}}
          """);

  public static final ObjectNode STEP_POD =
      object(
          """
          {"apiVersion":"v1","kind":"Pod",
           "metadata":{"name":"p","namespace":"n","creationTimestamp":"2026-11-30T09:59:00Z",
                       "labels":{"app":"flannel-node-task","flannel.io/task":"left-overs"},
                       "annotations":{"flannel.io/task-hash":"o","flannel.io/attempt":"1"}},
           "spec":{"nodeName":"node1","containers":[{"name":"step","env":[{"name":"TASK","value":"{}"}]}]},
           "status":{"phase":"Succeeded","containerStatuses":[{"name":"step","state":{"terminated":
             {"exitCode":0,"finishedAt":"2026-11-30T09:59:30Z","message":"m"}}}]}}
          """);
  public static final ObjectNode STEP_RESULT =
      object(
          """
          {"done":true,"said":"removed 3","more":{"gone":["10.244.9.0/24"],"began":1,"ended":9,
            "silent":[0],"smallOnly":[1],"direct":[2],"refused":"r","error":null}}
          """);

  public static ObjectNode flannelNode(int number) {
    StringBuilder specPeers = new StringBuilder();
    StringBuilder peers = new StringBuilder();
    for (int other = 1; other <= NODES; other++) {
      if (other != number && Math.floorMod(other - number, NODES) <= PEERS) {
        String comma = peers.isEmpty() ? "" : ",";
        specPeers.append(
            "%s{\"name\":\"node%d\",\"address\":\"192.168.0.8%d\",\"overlayAddress\":\"10.244.%d.0\"}"
                .formatted(comma, other, other, other));
        peers.append(
            """
            %s{"name":"node%d","address":"192.168.0.8%d","overlay":true,"fullSize":true,
             "underlay":true,"alive":true,"lossy":false,"losing":false,"lossPercent":0,
             "rttP50Micros":300,"rttP99Micros":900,"since":"2026-11-30T09:50:00.5Z",
             "route":{"gateway":"192.168.0.8%d","device":"flannel.ipip","onlink":true}}
            """
                .formatted(comma, other, other, other));
      }
    }
    return object(
        """
        {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNode",
         "metadata":{"name":"node%1$d","uid":"u%1$d","resourceVersion":"5","generation":2,
                     "creationTimestamp":"2026-11-30T09:00:00Z"},
         "spec":{"network":"default","backend":"ipip","device":"flannel.ipip","peers":[%2$s]},
         "status":{"observedGeneration":2,"reportedAt":"2026-11-30T10:00:25Z","agentVersion":"1",
           "agentSince":"2026-11-30T09:00:00Z","stopping":false,"bootedAt":"2026-11-29T00:00:00Z",
           "device":{"name":"flannel.ipip","kind":"ipip","up":true,"mtu":1480,
                     "address":"10.244.%1$d.0/32"},
           "bridgeAddress":"10.244.%1$d.1",
           "nic":{"name":"eth0","up":true,"mtu":1500,"address":"192.168.0.8%1$d/24"},
           "bridge":{"name":"cni0","kind":"bridge","up":true,"mtu":1480,
                     "address":"10.244.%1$d.1/24"},
           "findings":[{"reason":"LeftOvers","message":"route 10.244.9.0/24"}],
           "peers":[%3$s]}}
        """
            .formatted(number, specPeers, peers));
  }

  public static ObjectNode clusterNode(int number) {
    return object(
        """
        {"apiVersion":"v1","kind":"Node",
         "metadata":{"name":"node%1$d","uid":"n%1$d","resourceVersion":"5",
           "creationTimestamp":"2026-11-30T08:00:00Z","labels":{"kubernetes.io/os":"linux"},
           "annotations":{"flannel.alpha.coreos.com/backend-type":"ipip",
             "flannel.alpha.coreos.com/backend-data":"null",
             "flannel.alpha.coreos.com/kube-subnet-manager":"true",
             "flannel.alpha.coreos.com/public-ip":"192.168.0.8%1$d"}},
         "spec":{"podCIDR":"10.244.%1$d.0/24","podCIDRs":["10.244.%1$d.0/24"],
           "taints":[{"key":"k","value":"v","effect":"PreferNoSchedule"}]},
         "status":{"addresses":[{"type":"InternalIP","address":"192.168.0.8%1$d"}],
           "conditions":[{"type":"Ready","status":"True"}]}}
        """
            .formatted(number));
  }

  public static ObjectNode object(String json) {
    try {
      return (ObjectNode) JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }
}
