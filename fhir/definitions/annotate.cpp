#include "fhir/definitions/annotate.h"
