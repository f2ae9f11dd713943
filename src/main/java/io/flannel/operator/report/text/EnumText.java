package io.flannel.operator.report.text;

import com.fasterxml.jackson.databind.ObjectMapper;

/** Enum values of the API as they are written in manifests. */
final class EnumText {
  private static final ObjectMapper JSON = new ObjectMapper();

  private EnumText() {}

  static String of(Enum<?> value) {
    return JSON.convertValue(value, String.class);
  }
}
