package io.flannel.operator.report;

import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.flannel.operator.flannel.PrintableText;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes a status fit its schema. It contains text from Nodes, other flannels and API servers, and a
 * single value that is too long or too large would make the API server reject the whole status
 * every time.
 *
 * <p>The bounds come from the annotations that the schema is generated from. Texts that are too
 * long are cut, and so are lists, whose first elements matter most. Values that do not match their
 * pattern and numbers that are out of range are left out.
 */
final class WithinBounds {

  private static final Map<String, java.util.regex.Pattern> FORMS = new ConcurrentHashMap<>();

  private WithinBounds() {}

  /** Returns the record with everything that the schema does not allow cut or left out. */
  static <T extends Record> T of(T record) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    @Nullable Object[] values = new Object[components.length];
    boolean same = true;
    for (int i = 0; i < components.length; i++) {
      RecordComponent component = components[i];
      Object value = read(component, record);
      values[i] =
          value == null ? null : fit(value, component.getAccessor(), component.getAnnotatedType());
      same &= Objects.equals(value, values[i]);
    }
    return same ? record : make(record, components, values);
  }

  private static @Nullable Object fit(Object value, AnnotatedElement bounds, AnnotatedType type) {
    return switch (value) {
      case String text -> fit(text, bounds);
      case Integer number -> isWithin(number, bounds) ? number : null;
      case Long number -> isWithin(number, bounds) ? number : null;
      case List<?> list -> fit(list, bounds, (AnnotatedParameterizedType) type);
      case Record record -> of(record);
      default -> value;
    };
  }

  private static @Nullable String fit(String text, AnnotatedElement bounds) {
    Size size = bounds.getAnnotation(Size.class);
    Pattern form = bounds.getAnnotation(Pattern.class);
    boolean tooLong = size != null && text.length() > size.max();
    if (form != null) {
      return !tooLong && isOf(form.value(), text) ? text : null;
    }
    return tooLong ? PrintableText.cut(text, (int) size.max()) : text;
  }

  private static List<Object> fit(
      List<?> list, AnnotatedElement bounds, AnnotatedParameterizedType type) {
    AnnotatedType element = type.getAnnotatedActualTypeArguments()[0];
    Size size = bounds.getAnnotation(Size.class);
    List<Object> fitting = new ArrayList<>();
    for (Object one : list) {
      Object fit = fit(one, element, element);
      if (fit != null && (size == null || fitting.size() < size.max())) {
        fitting.add(fit);
      }
    }
    return List.copyOf(fitting);
  }

  private static boolean isWithin(long number, AnnotatedElement bounds) {
    Min least = bounds.getAnnotation(Min.class);
    Max most = bounds.getAnnotation(Max.class);
    return (least == null || number >= least.value()) && (most == null || number <= most.value());
  }

  private static boolean isOf(String form, String text) {
    return FORMS.computeIfAbsent(form, java.util.regex.Pattern::compile).matcher(text).matches();
  }

  private static @Nullable Object read(RecordComponent component, Record record) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("%s cannot be read".formatted(component), e);
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Record> T make(
      T like, RecordComponent[] components, @Nullable Object[] values) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return (T) like.getClass().getDeclaredConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no %s can be made".formatted(like.getClass()), e);
    }
  }
}
