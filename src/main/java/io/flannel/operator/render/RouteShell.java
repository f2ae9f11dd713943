package io.flannel.operator.render;

/** Shell code that scripts on nodes share. It runs in flannel's own image, which has iproute2. */
public final class RouteShell {
  /**
   * A function that prints flannel's routes inside {@code $NETWORKS}, each after -4 or -6: those
   * via a router or into a flannel device, unless they name a protocol, as the routes of other
   * programs and of the kernel do.
   */
  public static final String FLANNELS_ROUTES =
      """
      flannels_routes() {
        for network in $NETWORKS; do
          case $network in *:*) family=-6 ;; *) family=-4 ;; esac
          ip $family route show table main root "$network" | while read -r route; do
            case " $route " in
              *" proto "* | *" nexthop "* | *" dev cni0 "*) ;;
              *" via "* | *" dev flannel"*) echo "$family $route" ;;
            esac
          done
        done | sed 's/ linkdown//; s/ dead//; s/ pref [a-z]*//'
      }
      """;

  private RouteShell() {}
}
