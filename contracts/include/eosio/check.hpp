#pragma once

#include <snapscale/core/check.hpp>
#include <snapscale/core/layout.hpp>
