#pragma once

#include <snapscale/core/fixed_bytes.hpp>
