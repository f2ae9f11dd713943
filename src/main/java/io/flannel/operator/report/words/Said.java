package io.flannel.operator.report.words;

import com.fasterxml.jackson.databind.ObjectMapper;

/** A value of the API as it stands in manifests. */
final class Said {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Said() {}

  static String of(Enum<?> value) {
    return JSON.convertValue(value, String.class);
  }
}
