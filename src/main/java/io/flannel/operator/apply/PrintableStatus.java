package io.flannel.operator.apply;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.MultiLine;
import io.flannel.operator.flannel.PrintableText;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Replaces every text in a status, however deeply nested, with its {@linkplain PrintableText
 * printable} form. The API server rejects control characters, so one message from an agent could
 * otherwise prevent the whole status from being written. A printable status stays equal to itself,
 * so it is not written again.
 */
final class PrintableStatus {
  /** What is needed to take a record apart and to rebuild it. */
  private record Shape(List<RecordComponent> components, Constructor<?> constructor) {}

  private static final ClassValue<Shape> SHAPES =
      new ClassValue<>() {
        @Override
        protected Shape computeValue(Class<?> type) {
          RecordComponent[] components = type.getRecordComponents();
          Class<?>[] types =
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
          try {
            return new Shape(List.of(components), type.getDeclaredConstructor(types));
          } catch (NoSuchMethodException e) {
            throw new IllegalStateException(type + " is a record without its constructor", e);
          }
        }
      };

  private PrintableStatus() {}

  static FlannelNetworkStatus of(FlannelNetworkStatus status) {
    return (FlannelNetworkStatus) record(status);
  }

  private static @Nullable Object printable(@Nullable Object value, boolean lines) {
    return switch (value) {
      case String text -> lines ? PrintableText.lines(text) : PrintableText.of(text);
      case List<?> list -> list(list, lines);
      case Record record -> record(record);
      case null, default -> value;
    };
  }

  /** Returns the same list if nothing in it changes. */
  private static List<?> list(List<?> list, boolean lines) {
    List<@Nullable Object> printable = new ArrayList<>(list.size());
    boolean same = true;
    for (Object value : list) {
      Object it = printable(value, lines);
      same &= Objects.equals(it, value);
      printable.add(it);
    }
    return same ? list : printable;
  }

  /** Returns the same record if nothing in it changes. */
  private static Record record(Record record) {
    Shape shape = SHAPES.get(record.getClass());
    @Nullable Object[] values = new @Nullable Object[shape.components().size()];
    boolean same = true;
    try {
      for (int i = 0; i < values.length; i++) {
        RecordComponent component = shape.components().get(i);
        Object value = component.getAccessor().invoke(record);
        values[i] = printable(value, component.isAnnotationPresent(MultiLine.class));
        same &= Objects.equals(values[i], value);
      }
      return same ? record : (Record) shape.constructor().newInstance(values);
    } catch (IllegalAccessException | InstantiationException | InvocationTargetException e) {
      throw new IllegalStateException(record.getClass() + " can't be read", e);
    }
  }
}
