package io.flannel.operator.web;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.BeanProperty;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.ContextualSerializer;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import io.flannel.operator.api.MultiLine;
import io.flannel.operator.flannel.PrintableText;
import java.io.IOException;

/**
 * Writes every text and every map key in its printable form. JSON's escapes alone don't suffice: a
 * reader undoes them and then prints the characters they stood for.
 */
final class PrintableJson extends SimpleModule {
  private static final long serialVersionUID = 1;

  PrintableJson() {
    addSerializer(String.class, new Text(false));
    addKeySerializer(String.class, new Key());
  }

  private static final class Text extends StdScalarSerializer<String>
      implements ContextualSerializer {
    private static final long serialVersionUID = 1;

    private final boolean lines;

    Text(boolean lines) {
      super(String.class);
      this.lines = lines;
    }

    @Override
    public JsonSerializer<?> createContextual(SerializerProvider provider, BeanProperty property) {
      return new Text(property != null && property.getAnnotation(MultiLine.class) != null);
    }

    @Override
    public void serialize(String text, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeString(lines ? PrintableText.lines(text) : PrintableText.of(text));
    }
  }

  private static final class Key extends JsonSerializer<String> {
    @Override
    public void serialize(String key, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeFieldName(PrintableText.of(key));
    }
  }
}
