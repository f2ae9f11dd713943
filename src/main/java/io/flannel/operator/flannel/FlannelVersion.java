package io.flannel.operator.flannel;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What flannel's image contains, by its version. An image whose tag is not one of flannel's
 * versions counts as a current one.
 */
public record FlannelVersion(int minor, int patch) implements Comparable<FlannelVersion> {
  private static final Pattern TAG = Pattern.compile("v?0[.]([0-9]{1,4})[.]([0-9]{1,4})([-_+].*)?");

  private static final FlannelVersion WITH_INSTALL_CONF = new FlannelVersion(28, 6);
  private static final FlannelVersion WITH_READYZ = new FlannelVersion(28, 9);

  /** The version of an image, such as {@code ghcr.io/flannel-io/flannel:v0.28.10}. */
  public static FlannelVersion of(String image) {
    int digest = image.indexOf('@');
    String tag = Pods.versionOf(digest < 0 ? image : image.substring(0, digest));
    Matcher matcher = TAG.matcher(tag);
    return matcher.matches()
        ? new FlannelVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)))
        : new FlannelVersion(Integer.MAX_VALUE, 0);
  }

  /** Whether it has {@code /opt/bin/install-conf} (images/Dockerfile, since v0.28.6). */
  public boolean hasInstallConf() {
    return compareTo(WITH_INSTALL_CONF) >= 0;
  }

  /** Whether flanneld answers on {@code /readyz} (main.go, since v0.28.9). */
  public boolean hasReadyz() {
    return compareTo(WITH_READYZ) >= 0;
  }

  @Override
  public int compareTo(FlannelVersion other) {
    return minor == other.minor
        ? Integer.compare(patch, other.patch)
        : Integer.compare(minor, other.minor);
  }
}
