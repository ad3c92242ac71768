#pragma once

#include <snapscale/core/name.hpp>
