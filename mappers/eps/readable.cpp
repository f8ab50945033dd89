// The messages this room reads: one row each.
#include <array>

#include "mappers/eps/decoder.h"

namespace concord::eps {
namespace {

constexpr std::string_view kAnswer = "https://concord.example/model/eps/SpineAnswer";
constexpr std::string_view kOrder = "https://concord.example/model/eps/PORX_IN020101SM31";
constexpr std::string_view kPrescription = "https://concord.example/model/eps/ParentPrescription";
constexpr std::string_view kTracker = "https://concord.example/model/eps/TrackerResponse";

/// What any answer comes to that has no content of its own.
constexpr std::string_view kRefusal = "https://concord.example/map/eps/answers/acknowledgement";

constexpr std::string_view kNotReleased =
    "ControlActEvent.subject.PrescriptionReleaseResponse.empty() or acknowledgement.typeCode != "
    "'AA'";
constexpr std::string_view kCancelledNothing =
    "ControlActEvent.subject.CancellationResponse.pertinentInformation3.pertinentResponse.value"
    ".code in ('0008' | '0009' | '5000' | '5888')";

constexpr std::array kRows{
    // Released prescriptions.
    Readable{"PORX_IN070101UK31",
             kNotReleased,
             kAnswer,
             kRefusal,
             {},
             "release-response",
             StatusRule::outcome},
    Readable{"PORX_IN070101UK31",
             "",
             kAnswer,
             "https://concord.example/map/eps/answers/release",
             {},
             "release-response",
             StatusRule::ok},
    Readable{"PORX_IN070103UK31",
             kNotReleased,
             kAnswer,
             kRefusal,
             {},
             "release-response",
             StatusRule::outcome},
    Readable{"PORX_IN070103UK31",
             "",
             kAnswer,
             "https://concord.example/map/eps/answers/release",
             {},
             "release-response",
             StatusRule::ok},
    // Why none was released.
    Readable{"PORX_IN110101UK30",
             "ControlActEvent.subject.PrescriptionReleaseReject.empty()",
             kAnswer,
             kRefusal,
             {},
             "release-rejection",
             StatusRule::outcome},
    Readable{"PORX_IN110101UK30",
             "",
             kAnswer,
             "https://concord.example/map/eps/answers/rejection",
             {},
             "release-rejection",
             StatusRule::outcome},
    // What became of a cancellation.
    Readable{"PORX_IN050101UK31",
             "ControlActEvent.subject.CancellationResponse.empty()",
             kAnswer,
             kRefusal,
             {},
             "prescription-order-response",
             StatusRule::outcome},
    Readable{"PORX_IN050101UK31",
             kCancelledNothing,
             kAnswer,
             "https://concord.example/map/eps/answers/cancellation-outcome",
             {},
             "prescription-order-response",
             StatusRule::acknowledgement},
    Readable{"PORX_IN050101UK31",
             "",
             kAnswer,
             "https://concord.example/map/eps/answers/cancellation",
             {},
             "prescription-order-response",
             StatusRule::acknowledgement},
    // Every other answer.
    Readable{
        "MCCI_IN010000UK13", "", kAnswer, kRefusal, {}, "acknowledgement", StatusRule::outcome},
    // The tracker.
    Readable{kTrackerJson, "statusCode = '0'", kTracker,
             "https://concord.example/map/eps/answers/tracker", "Tracker", "tracker-response",
             StatusRule::ok},
    Readable{kTrackerJson, "", kTracker, "https://concord.example/map/eps/answers/tracker",
             "TrackerOutcome", "tracker-response", StatusRule::ok},
    // Prescriptions as they were sent.
    Readable{"PORX_IN020101SM31", "", kOrder, "https://concord.example/map/eps/answers/order",
             "Order", "prescription-order", StatusRule::ok},
    Readable{"PORX_IN020101UK31", "", kOrder, "https://concord.example/map/eps/answers/order",
             "Order", "prescription-order", StatusRule::ok},
    Readable{"ParentPrescription", "", kPrescription,
             "https://concord.example/map/eps/answers/order", "Prescription", "prescription-order",
             StatusRule::ok},
    // The other requests, as they were sent.
    Readable{"PORX_IN030101SM32", "", "https://concord.example/model/eps/PORX_IN030101SM32",
             "https://concord.example/map/eps/reverse/prescription-order-update", "",
             "prescription-order-update", StatusRule::ok},
    Readable{"PORX_IN080101SM31", "", "https://concord.example/model/eps/PORX_IN080101SM31",
             "https://concord.example/map/eps/reverse/dispense-notification", "",
             "dispense-notification", StatusRule::ok},
    Readable{"PORX_IN090101SM31", "", "https://concord.example/model/eps/PORX_IN090101SM31",
             "https://concord.example/map/eps/reverse/claim", "", "claim", StatusRule::ok},
    Readable{"PORX_IN132004SM30", "", "https://concord.example/model/eps/PORX_IN132004SM30",
             "https://concord.example/map/eps/reverse/release", "ReadPatientRelease",
             "patient-release", StatusRule::ok},
    Readable{"PORX_IN060102SM30", "", "https://concord.example/model/eps/PORX_IN060102SM30",
             "https://concord.example/map/eps/reverse/release", "ReadNominatedRelease",
             "nominated-release", StatusRule::ok},
    Readable{"PORX_IN100101SM31", "", "https://concord.example/model/eps/PORX_IN100101SM31",
             "https://concord.example/map/eps/reverse/return", "", "return", StatusRule::ok},
    Readable{"PORX_IN510101SM31", "", "https://concord.example/model/eps/PORX_IN510101SM31",
             "https://concord.example/map/eps/reverse/withdraw", "", "withdraw", StatusRule::ok},
};

}  // namespace

std::span<const Readable> readable() { return kRows; }

}  // namespace concord::eps
