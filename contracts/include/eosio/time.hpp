#pragma once

#include <snapscale/core/time.hpp>
