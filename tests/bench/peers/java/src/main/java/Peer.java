// The Java reference validator behind the lines of bench_peer_validate:
//
//   load FILE           -> "ok N"
//   report N DEPTH      -> "K", then K lines "severity id"
//   validate N DEPTH REPEATS -> nanoseconds of CPU time of this thread, bytes to messages
//   process             -> nanoseconds of CPU time of the whole process so far
//
// Without a terminology server and without fetching references. DEPTH is not looked at.

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.validation.ValidationEngine;
import org.hl7.fhir.validation.instance.InstanceValidator;
import org.hl7.fhir.validation.instance.advisor.BasePolicyAdvisorForFullValidation;

public final class Peer {
  private final ValidationEngine engine;
  private final List<byte[]> sources = new ArrayList<>();

  private Peer(ValidationEngine engine) {
    this.engine = engine;
  }

  private List<ValidationMessage> validate(byte[] source) throws Exception {
    List<ValidationMessage> messages = new ArrayList<>();
    InstanceValidator validator = engine.getValidator(FhirFormat.JSON);
    validator.setPolicyAdvisor(
        new BasePolicyAdvisorForFullValidation(ReferenceValidationPolicy.IGNORE, null));
    validator.setFetcher(null);
    validator.validate(null, messages, new ByteArrayInputStream(source), FhirFormat.JSON,
        new ArrayList<>());
    return messages;
  }

  private String answer(String line) throws Exception {
    String[] words = line.split(" ");
    switch (words[0]) {
      case "load":
        sources.add(Files.readAllBytes(Path.of(line.substring(5))));
        return "ok " + (sources.size() - 1);
      case "report": {
        List<ValidationMessage> messages = validate(sources.get(Integer.parseInt(words[1])));
        StringBuilder text = new StringBuilder(String.valueOf(messages.size()));
        for (ValidationMessage message : messages) {
          text.append('\n').append(message.getLevel().toCode()).append(' ')
              .append(message.getMessageId());
        }
        return text.toString();
      }
      case "validate": {
        byte[] source = sources.get(Integer.parseInt(words[1]));
        int repeats = Integer.parseInt(words[3]);
        var threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        for (int i = 0; i < repeats; ++i) {
          validate(source);
        }
        return String.valueOf(threads.getCurrentThreadCpuTime() - start);
      }
      case "process": {
        var system = (com.sun.management.OperatingSystemMXBean)
            ManagementFactory.getOperatingSystemMXBean();
        return String.valueOf(system.getProcessCpuTime());
      }
      default:
        throw new IllegalArgumentException("not understood: " + words[0]);
    }
  }

  public static void main(String[] args) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err);  // the engine talks
    ValidationEngine engine = new ValidationEngine.ValidationEngineBuilder().withVersion("4.0.1")
        .withNoTerminologyServer().fromSource("hl7.fhir.r4.core#4.0.1");
    engine.getContext().setCanRunWithoutTerminology(true);
    engine.getContext().setNoTerminologyServer(true);
    Peer peer = new Peer(engine);
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null;) {
      out.println(peer.answer(line));
      out.flush();
    }
  }
}
