#pragma once

#include <snapscale/core/ignore.hpp>
